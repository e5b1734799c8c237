-- 本大厅在标准交换表之外的列:先执行 adapters/database/ddl/postgres.sql / after adapters/database/ddl/postgres.sql
ALTER TABLE accept_in ADD COLUMN material_list varchar(2000);
COMMENT ON COLUMN accept_in.material_list IS '材料:标识:名称,多个用分号隔开';
ALTER TABLE process_in ADD COLUMN material_list varchar(2000);
COMMENT ON COLUMN process_in.material_list IS '补正材料:标识:名称,多个用分号隔开';
ALTER TABLE process_in ADD COLUMN tb_no varchar(64);
COMMENT ON COLUMN process_in.tb_no IS '通办编号(case_out.case_number),转来的办件第一次写过程时填写';
ALTER TABLE result_in ADD COLUMN cert_end date;
COMMENT ON COLUMN result_in.cert_end IS '证照有效期止';
ALTER TABLE result_in ADD COLUMN legal_person varchar(200);
COMMENT ON COLUMN result_in.legal_person IS '法定代表人(负责人)';
ALTER TABLE result_in ADD COLUMN premises varchar(400);
COMMENT ON COLUMN result_in.premises IS '经营场所';
ALTER TABLE result_in ADD COLUMN business_form varchar(200);
COMMENT ON COLUMN result_in.business_form IS '主体业态';
ALTER TABLE result_in ADD COLUMN business_items varchar(400);
COMMENT ON COLUMN result_in.business_items IS '经营项目';
