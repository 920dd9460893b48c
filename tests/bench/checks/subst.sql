with g as (
	select fixmedins_code fac, date_trunc('month', fee_ocur_time)::date mon, c.grp, count(*) n,
		sum(case when c.dear = 1 then f.cnt else 0 end)::double precision / sum(f.cnt)::double precision x
	from fee f join catalogue c on c.med_list_codg = f.med_list_codg
	where f.cnt > 0 and f.feedetl_sn not in (select feedetl_sn from returned)
	group by 1, 2, 3 having count(*) >= 20),
m as (
	select grp, mon, percentile_cont(0.5) within group (order by x) as med
	from g group by 1, 2 having count(*) >= 8),
d as (
	select g.grp, g.mon, percentile_cont(0.5) within group (order by abs(x - med)) as mad
	from g join m on m.grp = g.grp and m.mon = g.mon group by 1, 2)
select 'subst' as "check", fac || '|' || g.grp || '|' || g.mon as key, round(x::numeric(20, 12), 6)::text as value,
	'' as lines
from g join m on m.grp = g.grp and m.mon = g.mon join d on d.grp = g.grp and d.mon = g.mon
where x > med + 3 * 1.4826 * case when mad > 0.01 then mad else 0.01 end
