with line as (
	select psn_no, med_list_codg, fee_ocur_time::date d, feedetl_sn from fee
	where med_chrgitm_type in ('03', '04') and cnt > 0
	and feedetl_sn not in (select feedetl_sn from returned)),
w as (
	select psn_no, med_list_codg, d, feedetl_sn,
		count(*) over seven as n, min(d) over seven as first
	from line window seven as (partition by psn_no, med_list_codg order by d
		range between interval '6 days' preceding and current row)),
t as (select distinct psn_no, med_list_codg, d, n, first from w where n >= 5),
e as (
	select *, case when first <= lag(d) over (partition by psn_no, med_list_codg order by d)
		then 0 else 1 end as starts from t),
r as (select *, sum(starts) over (partition by psn_no, med_list_codg order by d) as run from e),
run as (
	select psn_no, med_list_codg, run, min(first) as b, max(d) as z, max(n) as n
	from r group by 1, 2, 3)
select 'tests' as "check", l.psn_no || '|' || l.med_list_codg || '|' || b as key, n::text as value,
	string_agg(feedetl_sn, ';' order by feedetl_sn) as lines
from run join line l on l.psn_no = run.psn_no and l.med_list_codg = run.med_list_codg and l.d between b and z
group by l.psn_no, l.med_list_codg, b, n
