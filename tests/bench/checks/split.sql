with stay as (
	select psn_no, fixmedins_code, mdtrt_id, substr(min(dise_codg), 1, 3) as d3,
		min(begndate) as b, max(enddate) as z
	from fee where med_type = '21' group by 1, 2, 3),
pair as (
	select distinct on (y.mdtrt_id) y.psn_no, y.fixmedins_code, x.mdtrt_id as a, y.mdtrt_id as z
	from stay y join stay x on x.psn_no = y.psn_no and x.fixmedins_code = y.fixmedins_code
		and x.d3 = y.d3 and x.mdtrt_id <> y.mdtrt_id and y.b - x.z between 0 and 15 and x.b <= y.b
	order by y.mdtrt_id, x.z desc, x.b desc, x.mdtrt_id desc)
select 'split' as "check", psn_no || '|' || fixmedins_code as key, '' as value, a || ';' || z as lines from pair
