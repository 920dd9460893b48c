create temp table returned as
with pair as (
	select distinct on (n.feedetl_sn) n.feedetl_sn as back, p.feedetl_sn as line
	from fee n join fee p on p.mdtrt_id = n.mdtrt_id and p.med_list_codg = n.med_list_codg
	where n.cnt < 0 and p.cnt = -n.cnt and p.fee_ocur_time <= n.fee_ocur_time
	order by n.feedetl_sn, p.fee_ocur_time desc, p.feedetl_sn desc)
select back as feedetl_sn from pair union all select line from pair
