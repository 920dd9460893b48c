-- SPDX-License-Identifier: GPL-3.0-or-later
-- Three alerts of invented people, as the daemon would have stored them.
INSERT INTO fundwatch.rule_release VALUES ('set1', '2026-04-01 08:00+08', 'test', '0', 2);
INSERT INTO fundwatch.rule_release_rule VALUES
('set1', 'dup.same_day', 'd1', '同日重复收费', 1, '条例第三十八条第三项', 'policy', 'violation', 'high', 'on'),
('set1', 'stay.split', 'd2', '分解住院', 1, '条例第三十八条第一项', 'management', 'suspect', 'high', 'on');
INSERT INTO fundwatch.alert (alert_id, rule_id, rule_digest, rule_set, category, nature, severity, trial,
	subject_kind, subject, key_name, key_value, psn_no, fixmedins_code, event_begin, event_end, observed,
	threshold, violation_amount, fund_amount, n_records, sentence, finding, state, revision, first_found_at,
	changed_at, withdrawn_at)
VALUES
(7001, 'dup.same_day', 'd1', 'set1', 'policy', 'violation', 'high', false, 'person', 'P1', '{}', '{}', 'P1', 'H1',
 '2026-03-01 09:00', '2026-03-01 09:40', '2', '1', 200.00, 140.00, 2, '甲于2026-03-01「彩色多普勒超声」收费2次，上限1次，涉及200.00元',
 '{"rule":"dup.same_day"}', 'amended', 2, '2026-04-01 08:00:01+08', '2026-04-02 08:00:01+08', NULL),
(7002, 'stay.split', 'd2', 'set1', 'management', 'suspect', 'high', false, 'person', 'P2', '{}', '{}', 'P2', 'H2',
 '2026-03-01 09:00', '2026-03-09 10:00', '', '', 1234567.80, 1000000.00, 2, '乙出院3天后同病再入院',
 '{"rule":"stay.split"}', 'raised', 1, '2026-04-01 08:00:02+08', '2026-04-01 08:00:02+08', NULL),
(7003, 'dup.same_day', 'd1', 'set1', 'policy', 'violation', 'high', false, 'person', 'P3', '{}', '{}', 'P3', 'H1',
 '2026-03-02 09:00', '2026-03-02 09:40', '2', '1', 10.00, 7.00, 2, '丙已退费',
 '{"rule":"dup.same_day"}', 'withdrawn', 2, '2026-04-01 08:00:03+08', '2026-04-03 08:00:03+08', '2026-04-03 08:00:03+08'),
(7004, 'cli.trial', 'd3', 'set1', 'medical', 'clue', 'low', true, 'person', 'P4', '{}', '{}', 'P4', 'H1',
 '2026-03-02 09:00', '2026-03-02 09:40', '', '', NULL, NULL, 1, '试行规则',
 '{"rule":"cli.trial"}', 'raised', 1, '2026-04-01 08:00:04+08', '2026-04-01 08:00:04+08', NULL);
INSERT INTO fundwatch.alert_record VALUES
(7001, 1, 'fee', 'H1', 'M1', 'F1', NULL, 'against', 0),
(7001, 2, 'fee', 'H1', 'M1', 'F2', NULL, 'excess', 200.00),
(7002, 1, 'stay', 'H2', 'M2', 'M2', NULL, 'against', 0),
(7002, 2, 'stay', 'H2', 'M3', 'M3', NULL, 'this', 1234567.80);
INSERT INTO fundwatch.alert_event VALUES
(1, 7001, 1, 'raised', 1, '2026-04-01 08:00:01+08', 'fundwatchd', 'new', 'set1', NULL, 100.00, '{}', '\x00'),
(2, 7001, 2, 'amended', 2, '2026-04-02 08:00:01+08', 'fundwatchd', 'amount', 'set1', 100.00, 200.00, '{}', '\x00');
INSERT INTO fundwatch.alert_event VALUES
(3, 7003, 1, 'raised', 1, '2026-04-01 08:00:03+08', 'fundwatchd', 'split', 'set1', NULL, 10.00, '{}', '\x00', 7001),
(4, 7003, 2, 'withdrawn', 2, '2026-04-03 08:00:03+08', 'fundwatchd', 'merged', 'set1', 10.00, NULL, NULL, '\x00', 7001);
-- An expensive rule finds one of the two lines, too.
INSERT INTO fundwatch.alert (alert_id, rule_id, rule_digest, rule_set, category, nature, severity, trial,
	subject_kind, subject, key_name, key_value, psn_no, fixmedins_code, event_begin, event_end, observed,
	threshold, violation_amount, fund_amount, n_records, sentence, finding, state, revision, first_found_at,
	changed_at)
VALUES (7006, 'stay.split', 'd2', 'set1', 'management', 'suspect', 'low', false, 'person', 'P6', '{}', '{}', 'P6', 'H6',
 '2026-02-01 09:00', '2026-02-01 09:40', '', '', 150.00, 100.00, 1, '己的一笔', '{"rule":"stay.split"}',
 'raised', 1, '2026-04-01 08:00:06+08', '2026-04-01 08:00:06+08');
INSERT INTO fundwatch.alert_record VALUES (7006, 1, 'fee', 'H1', 'M1', 'F2', NULL, 'this', 150.00);
INSERT INTO fundwatch.account VALUES ('2026-04-01', 'default', 'H1', 'fee', 3, 0, 0, 1, 0, 0),
('2026-04-02', 'default', 'H1', 'fee', 2, 0, 1, 0, 0, 2), ('2026-04-02', 'default', '', '', 0, 1, 0, 0, 0, 0);
INSERT INTO fundwatch.account_rule_folded VALUES ('2026-04-01', 'dup.same_day', 1, 2, 0, 0, 3);
INSERT INTO fundwatch.fee (identity, intake_id, line, digest, revision, mdtrt_id, fixmedins_code, psn_no, feedetl_sn,
	fee_ocur_time, medins_list_name, cnt, det_item_fee_sumamt)
VALUES
(gen_random_uuid(), 1, 2, 1, '2026-03-01 10:00', 'M1', 'H1', 'P1', 'F1', '2026-03-01 09:00', '彩色多普勒超声', 1, 200),
(gen_random_uuid(), 1, 3, 1, '2026-03-01 10:00', 'M1', 'H1', 'P1', 'F2', '2026-03-01 09:40', '彩色多普勒超声', 1, 199),
(gen_random_uuid(), 1, 4, 1, '2026-03-02 10:00', 'M1', 'H1', 'P1', 'F2', '2026-03-01 09:40', '彩色多普勒超声', 1, 200);
INSERT INTO fundwatch.encounter (identity, intake_id, line, digest, mdtrt_id, fixmedins_code, psn_no, begntime, endtime,
	dscg_maindiag_code, dscg_maindiag_name)
VALUES
(gen_random_uuid(), 1, 2, 1, 'M2', 'H2', 'P2', '2026-03-01 09:00', '2026-03-06 10:00', 'I10.x00', '高血压'),
(gen_random_uuid(), 1, 3, 1, 'M3', 'H2', 'P2', '2026-03-09 09:00', NULL, 'I10.x00', '高血压');
INSERT INTO fundwatch.alert (alert_id, rule_id, rule_digest, rule_set, category, nature, severity, trial,
	subject_kind, subject, key_name, key_value, psn_no, fixmedins_code, event_begin, event_end, observed,
	threshold, violation_amount, fund_amount, n_records, sentence, finding, state, revision, first_found_at,
	changed_at, excepted, except_owner, except_reason, except_cells, except_until)
VALUES (7005, 'dup.same_day', 'd1', 'set1', 'policy', 'violation', 'high', false, 'person', 'P5', '{}', '{}', 'P5', 'H1',
 '2026-03-03 09:00', '2026-03-03 09:40', '2', '1', 48200.00, 30000.00, 2, '戊的一笔', '{"rule":"dup.same_day"}',
 'raised', 1, '2026-04-01 08:00:05+08', '2026-04-01 08:00:05+08', true, '王科长', '设备故障重做', 'H1', '2026-06-30'),
(7016, 'stay.split', 'd2', 'set1', 'management', 'suspect', 'high', false, 'person', 'P6', '{}', '{}', 'P6', 'H2',
 '2026-03-01 09:00', '2026-03-09 10:00', '', '', 700.00, 700.00, 2, '己出院3天后同病再入院', '{"rule":"stay.split"}',
 'raised', 1, '2026-04-01 08:00:06+08', '2026-04-01 08:00:06+08', true, '',
 '乙.主诊断 在名单「计划性再入院诊断」：Z51', '', NULL);
