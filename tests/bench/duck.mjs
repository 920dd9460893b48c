// duck.mjs - the four checks by DuckDB: file in, findings out, times as JSON on stdout.
// node duck.mjs THREADS FEES(.csv|.csv.gz) CATALOGUE CHECKS_DIR OUT_DIR
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const [, , threads, fees, catalogue, checks, out] = process.argv;
const require = createRequire(process.env.DUCKDB_HOME + '/package.json');
const { DuckDBInstance } = require('@duckdb/node-api');
const columns = { setl_id: 'VARCHAR', mdtrt_id: 'VARCHAR', psn_no: 'VARCHAR', fixmedins_code: 'VARCHAR',
	fixmedins_type: 'VARCHAR', med_type: 'VARCHAR', fee_ocur_time: 'TIMESTAMP', feedetl_sn: 'VARCHAR',
	med_list_codg: 'VARCHAR', medins_list_name: 'VARCHAR', med_chrgitm_type: 'VARCHAR',
	cnt: 'DECIMAL(16,4)', pric: 'DECIMAL(16,4)', det_item_fee_sumamt: 'DECIMAL(16,2)',
	bilg_dr_codg: 'VARCHAR', dise_codg: 'VARCHAR', gend: 'VARCHAR', brdy: 'DATE', begndate: 'DATE',
	enddate: 'DATE' };
const needed = ['mdtrt_id', 'psn_no', 'fixmedins_code', 'med_type', 'fee_ocur_time', 'feedetl_sn',
	'med_list_codg', 'med_chrgitm_type', 'cnt', 'dise_codg', 'begndate', 'enddate'];
const start = performance.now();
const db = await DuckDBInstance.create(':memory:', { threads, memory_limit: '16GB',
	preserve_insertion_order: 'false', temp_directory: out + '/tmp' });
const connection = await db.connect();
const times = {};

async function run(name, sql) {
	const t = performance.now();

	await connection.run(sql);
	times[name] = (performance.now() - t) / 1000;
}

const shape = '{' + Object.entries(columns).map(([k, v]) => `'${k}':'${v}'`).join(',') + '}';
await run('catalogue', `create table catalogue as select med_list_codg, grp, dear from
	read_csv('${catalogue}', header=true, columns={'med_list_codg':'VARCHAR','name':'VARCHAR','grp':'VARCHAR','dear':'INTEGER'})`);
await run('load', `create table fee as select ${needed.join(',')} from
	read_csv('${fees}', header=true, auto_detect=false, delim=',', quote='"', columns=${shape})`);
await run('returned', readFileSync(`${checks}/returned.sql`, 'utf8'));
for (const check of ['dup', 'tests', 'split', 'subst'])
	await run(check, `copy (${readFileSync(`${checks}/${check}.sql`, 'utf8')})
		to '${out}/duck.${check}.csv' (header false, quote '"')`);
times.total = (performance.now() - start) / 1000;
times.peak_mb = +readFileSync('/proc/self/status', 'utf8').match(/VmHWM:\s+(\d+)/)[1] / 1024;
console.log(JSON.stringify(times));
