#!/bin/sh
# peer_pg.sh - the four checks by PostgreSQL: file in, findings out, seconds on stdout.
# peer_pg.sh FEES CATALOGUE CHECKS_DIR OUT_DIR ; PGHOST, PGDATABASE say where.
set -eu
fees=$1 catalogue=$2 checks=$3 out=$4
run() { psql -X -q -v ON_ERROR_STOP=1 "$@"; }
start=$(date +%s.%N)
{
	cat <<SQL
set work_mem = '1GB'; set max_parallel_workers_per_gather = 2;
drop table if exists fee, catalogue;
create unlogged table catalogue(med_list_codg text, name text, grp text, dear int);
create unlogged table fee(setl_id text, mdtrt_id text, psn_no text, fixmedins_code text, fixmedins_type text,
	med_type text, fee_ocur_time timestamp(0), feedetl_sn text, med_list_codg text, medins_list_name text,
	med_chrgitm_type text, cnt numeric(16,4), pric numeric(16,6), det_item_fee_sumamt numeric(16,2),
	bilg_dr_codg text, dise_codg text, gend text, brdy date, begndate date, enddate date)
	with (autovacuum_enabled = off);
\\copy catalogue from '$catalogue' csv header
\\copy fee from '$fees' csv header
analyze fee(psn_no, fixmedins_code, med_list_codg, cnt, mdtrt_id);
SQL
	cat "$checks/returned.sql"
	echo ';'
	for c in dup tests split subst; do
		printf '\\o %s/pg.%s.csv\n\\copy (' "$out" "$c"
		tr '\n\t' '  ' <"$checks/$c.sql"
		printf ") to '%s/pg.%s.csv' csv\n" "$out" "$c"
	done
} | sed 's/^\\o .*//' | run
end=$(date +%s.%N)
echo "$start $end" | awk '{ printf "%.3f\n", $2 - $1 }'
