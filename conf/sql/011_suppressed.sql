-- SPDX-License-Identifier: GPL-3.0-or-later
--
-- What was found and not reported, and why: taken by a site's exception (it has an owner), or
-- held back by the rule's own exclusion (除外; no owner, the reason is the part of it that holds
-- and the row of its table). Each has its records in alert_record and its history like any alert.

CREATE VIEW fundwatch.alert_suppressed AS
SELECT alert_id, rule_id, CASE WHEN except_owner = '' THEN 'unless' ELSE 'exception' END AS by,
	except_reason AS reason, except_owner AS owner, trial, psn_no, fixmedins_code,
	event_begin, event_end, violation_amount, fund_amount, n_records, sentence, finding
FROM fundwatch.alert
WHERE excepted AND state <> 'withdrawn';

CREATE VIEW fundwatch.suppressed_total AS
SELECT rule_id, by, reason, owner, count(*) AS alerts, sum(violation_amount) AS violation_amount,
	sum(fund_amount) AS fund_amount
FROM fundwatch.alert_suppressed
WHERE NOT trial
GROUP BY rule_id, by, reason, owner;
