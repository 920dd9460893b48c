/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * core_headers.h - the columns of the five core tables as one provincial extract has them.
 */
#pragma once

static const char core_mdtrt_d[] =
	"mdtrt_id,medins_setl_id,psn_no,psn_insu_rlts_id,psn_cert_type,certno,"
	"psn_name,gend,naty,brdy,age,coner_name,tel,addr,insutype,psn_type,"
	"cvlserv_flag,cvlserv_lv,sp_psn_type,sp_psn_type_lv,clct_grde,"
	"flxempe_flag,nwb_flag,insu_admdvs,emp_no,emp_name,emp_type,econ_type,"
	"afil_indu,afil_rlts,emp_mgt_type,pay_loc,fixmedins_code,fixmedins_name,"
	"hosp_lv,fix_blng_admdvs,lmtpric_hosp_lv,dedc_hosp_lv,begntime,endtime,"
	"mdtrt_cert_type,mdtrt_cert_no,med_type,rloc_type,ars_year_ipt_flag,"
	"pre_pay_flag,year,refl_old_mdtrt_id,ipt_otp_no,medrcdno,chfpdr_code,"
	"adm_diag_dscr,adm_dept_codg,adm_dept_name,adm_bed,wardarea_bed,"
	"traf_dept_flag,dscg_maindiag_code,dscg_dept_codg,dscg_dept_name,dscg_bed,"
	"dscg_way,main_cond_dscr,dise_no,dise_name,oprn_oprt_code,oprn_oprt_name,"
	"otp_diag_info,inhosp_stas,die_date,ipt_days,geso_val,birctrl_type,fetts,"
	"fetus_cnt,matn_type,prey_time,latechb_flag,pret_flag,fpsc_no,"
	"birctrl_matn_date,cop_flag,trt_dcla_detl_sn,vali_flag,memo,rid,"
	"updt_time,crter_id,crter_name,crte_time,crte_optins_no,opter_id,"
	"opter_name,opt_time,optins_no,poolarea_no,chfpdr_name,dscg_maindiag_name,"
	"adm_caty,dscg_caty,ttp_pay_flag,ttp_pay_prop,dise_type_code,"
	"same_dise_adm_flag,quts_type,pt";

static const char core_setl_d[] =
	"setl_id,clr_optins,medins_setl_id,mdtrt_id,init_setl_id,psn_no,"
	"psn_insu_rlts_id,psn_name,psn_cert_type,certno,gend,naty,brdy,age,"
	"insutype,psn_type,cvlserv_flag,cvlserv_lv,sp_psn_type,sp_psn_type_lv,"
	"clct_grde,flxempe_flag,nwb_flag,insu_admdvs,emp_no,emp_name,emp_type,"
	"econ_type,afil_indu,afil_rlts,emp_mgt_type,pay_loc,fixmedins_code,"
	"fixmedins_name,hosp_lv,fix_blng_admdvs,lmtpric_hosp_lv,dedc_hosp_lv,"
	"begndate,enddate,setl_time,mdtrt_cert_type,mdtrt_cert_no,med_type,"
	"setl_type,clr_type,clr_way,psn_setlway,medfee_sumamt,fulamt_ownpay_amt,"
	"overlmt_selfpay,preselfpay_amt,inscp_amt,dedc_std,crt_dedc,act_pay_dedc,"
	"hifp_pay,pool_prop_selfpay,hi_agre_sumfee,cvlserv_pay,hifes_pay,"
	"hifmi_pay,hifob_pay,hifdm_pay,maf_pay,othfund_pay,fund_pay_sumamt,"
	"psn_pay,acct_pay,cash_payamt,ownpay_hosp_part,balc,acct_mulaid_pay,"
	"refd_setl_flag,cal_ipt_cnt,setl_cashpay_way,year,dise_no,dise_name,"
	"invono,manl_reim_rea,vali_flag,memo,rid,updt_time,crter_id,crter_name,"
	"crte_time,crte_optins_no,opter_id,opter_name,opt_time,optins_no,"
	"poolarea_no,mid_setl_flag,acct_used_flag,quts_type,bydise_setl_payamt,"
	"exct_item_fund_payamt,pt";

static const char core_fee_list_d[] =
	"bkkp_sn,mdtrt_id,fee_ocur_time,setl_id,rx_drord_no,fixmedins_code,"
	"fixmedins_name,psn_no,psn_insu_rlts_id,insu_admdvs,pay_loc,med_type,cnt,"
	"pric,det_item_fee_sumamt,pric_uplmt_amt,selfpay_prop,fulamt_ownpay_amt,"
	"overlmt_selfpay,preselfpay_amt,inscp_amt,cvlserv_bedfee_amt,"
	"medins_disc_amt,chrgitm_lv,hilist_code,hilist_name,list_type,"
	"med_list_codg,medins_list_codg,medins_list_name,med_chrgitm_type,prodname,"
	"spec,dosform_name,bilg_dept_codg,bilg_dept_name,bilg_dr_code,"
	"bilg_dr_name,acord_dept_codg,acord_dept_name,acord_dr_code,acord_dr_name,"
	"lmt_used_flag,hosp_prep_flag,hosp_appr_flag,tcmdrug_used_way,"
	"prodplac_type,bas_medn_flag,hi_nego_drug_flag,prcu_drug_flag,"
	"chld_medc_flag,etip_flag,etip_hosp_code,dscg_tkdrug_flag,"
	"list_sp_item_flag,matn_fee_flag,drt_reim_flag,reim_prop,oprn_oprt_code,"
	"sin_dos_dscr,used_frqu_dscr,prd_days,medc_way_dscr,memo,vali_flag,rid,"
	"updt_time,crter_id,crter_name,crte_time,crte_optins_no,opter_id,"
	"opter_name,opt_time,optins_no,poolarea_no,rx_circ_flag,dise_codg,"
	"chrg_bchno,init_feedetl_sn,comb_no,pt";

static const char core_setl_list_diag_d[] =
	"setl_list_diag_id,setl_id,mdtrt_id,psn_no,diag_type,maindiag_flag,"
	"diag_code,diag_name,adm_cond_type,vali_flag,rid,updt_time,crter_id,"
	"crter_name,crte_time,crte_optins_no,opter_id,opter_name,opt_time,"
	"optins_no,poolarea_no,setl_list_sn,pt";

static const char core_setl_list_oprn_d[] =
	"setl_list_oprn_id,setl_id,psn_no,mdtrt_id,main_oprn_flag,oprn_oprt_name,"
	"oprn_oprt_code,oprn_oprt_date,anst_way,oper_dr_name,oper_dr_code,"
	"anst_dr_name,anst_dr_code,vali_flag,rid,updt_time,crter_id,crter_name,"
	"crte_time,crte_optins_no,opter_id,opter_name,opt_time,optins_no,"
	"poolarea_no,anst_begntime,anst_endtime,oprn_oprt_begntime,"
	"oprn_oprt_endtime,setl_list_sn,pt";
