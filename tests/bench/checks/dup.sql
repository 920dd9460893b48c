with k as (
	select psn_no p, fixmedins_code f, med_list_codg m, fee_ocur_time::date d
	from fee group by 1, 2, 3, 4 having count(*) > 1)
select 'dup' as "check", psn_no || '|' || fixmedins_code || '|' || med_list_codg || '|' || d as key,
	count(*)::text as value, string_agg(feedetl_sn, ';' order by feedetl_sn) as lines
from fee join k on psn_no = p and fixmedins_code = f and med_list_codg = m and fee_ocur_time::date = d
where feedetl_sn not in (select feedetl_sn from returned) and cnt > 0
group by psn_no, fixmedins_code, med_list_codg, d having count(*) > 1
