#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# peer_pg.sh - the four checks by PostgreSQL: file in, findings out.
# peer_pg.sh CONNINFO_FILE FEES CATALOGUE CHECKS_DIR OUT_DIR
set -eu
conninfo=$(cat "$1") fees=$2 catalogue=$3 checks=$4 out=$5

# \copy wants its query on one line.
copy_check() {
	printf '\\copy ('
	tr '\n\t' '  ' <"$checks/$1.sql"
	printf ") to '%s/pg.%s.csv' csv\n" "$out" "$1"
}

{
	cat <<SQL
set work_mem = '1GB';
drop table if exists fee, catalogue;
create unlogged table catalogue(med_list_codg text, name text, grp text, dear int);
create unlogged table fee(setl_id text, mdtrt_id text, psn_no text, fixmedins_code text, fixmedins_type text,
	med_type text, fee_ocur_time timestamp(0), feedetl_sn text, med_list_codg text, medins_list_name text,
	med_chrgitm_type text, cnt numeric(16,4), pric numeric(16,6), det_item_fee_sumamt numeric(16,2),
	bilg_dr_codg text, dise_codg text, gend text, brdy date, begndate date, enddate date)
	with (autovacuum_enabled = off);
\\copy catalogue from '$catalogue' csv header
\\copy fee from '$fees' csv header
analyze fee;
SQL
	cat "$checks/returned.sql"
	echo ';'
	for c in dup tests split subst; do
		copy_check $c
	done
} | psql -X -q -v ON_ERROR_STOP=1 "$conninfo"
