-- 前置库交换表(PostgreSQL):平台写入受理、过程、特别程序、办结与材料,网关取走并在行内答复;网关写入转来的办件与办件动态。
-- 写入顺序:先材料,后引用它的行。更正一行:改正各列,把 exchange_state 改回 new。
-- Staging tables: the platform writes what it hands in, the gateway claims it and answers in the row; the gateway writes what comes in.
-- Materials first, then the rows that name them. To correct a row change its columns and set exchange_state to new again.

CREATE TABLE accept_in (
  row_guid varchar(64) NOT NULL,
  row_seq bigint GENERATED ALWAYS AS IDENTITY,
  operation varchar(1) NOT NULL DEFAULT 'I',
  row_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  batch varchar(64),
  data_source varchar(64),
  project_no varchar(64) NOT NULL,
  catalog_code varchar(64),
  task_code varchar(64) NOT NULL,
  task_handle_item varchar(64),
  task_name varchar(400),
  handle_region varchar(12) NOT NULL,
  project_name varchar(400),
  apply_date timestamptz NOT NULL,
  accept_date timestamptz,
  promise_date timestamptz,
  apply_type varchar(4),
  applyer_name varchar(200) NOT NULL,
  applyer_type varchar(4) NOT NULL,
  applyer_page_type varchar(8) NOT NULL,
  applyer_page_code varchar(64) NOT NULL,
  applyer_mobile varchar(20),
  contact_name varchar(200),
  contact_type varchar(8),
  contact_code varchar(64),
  contact_mobile varchar(20),
  org_code varchar(18) NOT NULL,
  org_name varchar(200) NOT NULL,
  accept_doc_no varchar(64),
  handle_user_name varchar(100),
  handle_user_id varchar(64),
  window_name varchar(100),
  form_data text,
  exchange_state varchar(10) NOT NULL DEFAULT 'new',
  claimed_by varchar(100),
  claimed_at timestamptz,
  retry_at timestamptz,
  tries integer NOT NULL DEFAULT 0,
  error_code varchar(64),
  error_detail varchar(4000),
  conversation varchar(64),
  case_number varchar(64),
  finished_at timestamptz,
  CONSTRAINT accept_in_exchange_state CHECK (exchange_state IN ('new', 'claimed', 'done', 'failed')),
  PRIMARY KEY (row_guid)
);
CREATE INDEX accept_in_waiting ON accept_in (exchange_state, row_time, row_seq);
CREATE INDEX accept_in_project ON accept_in (project_no);
COMMENT ON TABLE accept_in IS '受理信息(平台写入,网关读取)';
COMMENT ON COLUMN accept_in.row_guid IS '行唯一标识,由平台生成,全表唯一';
COMMENT ON COLUMN accept_in.row_seq IS '入库顺序号,数据库自动生成';
COMMENT ON COLUMN accept_in.operation IS '操作类型:I 新增,U 修改,D 撤销';
COMMENT ON COLUMN accept_in.row_time IS '行写入时间;各表按此时间先后处理';
COMMENT ON COLUMN accept_in.batch IS '批次号';
COMMENT ON COLUMN accept_in.data_source IS '数据来源系统';
COMMENT ON COLUMN accept_in.project_no IS '平台办件编号;同一编号的各行按先后顺序处理';
COMMENT ON COLUMN accept_in.catalog_code IS '基本目录编码';
COMMENT ON COLUMN accept_in.task_code IS '实施清单编码';
COMMENT ON COLUMN accept_in.task_handle_item IS '业务办理项编码';
COMMENT ON COLUMN accept_in.task_name IS '事项名称';
COMMENT ON COLUMN accept_in.handle_region IS '办理地行政区划代码';
COMMENT ON COLUMN accept_in.project_name IS '办件名称';
COMMENT ON COLUMN accept_in.apply_date IS '申请时间';
COMMENT ON COLUMN accept_in.accept_date IS '受理时间';
COMMENT ON COLUMN accept_in.promise_date IS '承诺办结时间';
COMMENT ON COLUMN accept_in.apply_type IS '申请方式:1 窗口,2 网上,3 其他';
COMMENT ON COLUMN accept_in.applyer_name IS '申请人姓名或名称';
COMMENT ON COLUMN accept_in.applyer_type IS '申请人类型:1 自然人,2 法人,3 其他组织';
COMMENT ON COLUMN accept_in.applyer_page_type IS '申请人证件类型';
COMMENT ON COLUMN accept_in.applyer_page_code IS '申请人证件号码';
COMMENT ON COLUMN accept_in.applyer_mobile IS '申请人手机号码';
COMMENT ON COLUMN accept_in.contact_name IS '联系人姓名';
COMMENT ON COLUMN accept_in.contact_type IS '联系人证件类型';
COMMENT ON COLUMN accept_in.contact_code IS '联系人证件号码';
COMMENT ON COLUMN accept_in.contact_mobile IS '联系人手机号码';
COMMENT ON COLUMN accept_in.org_code IS '收件部门统一社会信用代码';
COMMENT ON COLUMN accept_in.org_name IS '收件部门名称';
COMMENT ON COLUMN accept_in.accept_doc_no IS '受理文书编号';
COMMENT ON COLUMN accept_in.handle_user_name IS '经办人姓名';
COMMENT ON COLUMN accept_in.handle_user_id IS '经办人编号';
COMMENT ON COLUMN accept_in.window_name IS '经办窗口';
COMMENT ON COLUMN accept_in.form_data IS '申请表单(JSON)';
COMMENT ON COLUMN accept_in.exchange_state IS '交换状态:new 待取,claimed 已取,done 已办,failed 未通过;更正后改回 new 即重新提交';
COMMENT ON COLUMN accept_in.claimed_by IS '取走此行的网关';
COMMENT ON COLUMN accept_in.claimed_at IS '取走或续约的时间';
COMMENT ON COLUMN accept_in.retry_at IS '此时间之后再试';
COMMENT ON COLUMN accept_in.tries IS '取走次数';
COMMENT ON COLUMN accept_in.error_code IS '未通过或待重试的原因代码';
COMMENT ON COLUMN accept_in.error_detail IS '未通过的说明与逐项问题(JSON)';
COMMENT ON COLUMN accept_in.conversation IS '通办会话编号';
COMMENT ON COLUMN accept_in.case_number IS '通办办件编号';
COMMENT ON COLUMN accept_in.finished_at IS '得出结果的时间';

CREATE TABLE process_in (
  row_guid varchar(64) NOT NULL,
  row_seq bigint GENERATED ALWAYS AS IDENTITY,
  operation varchar(1) NOT NULL DEFAULT 'I',
  row_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  batch varchar(64),
  data_source varchar(64),
  project_no varchar(64) NOT NULL,
  event_name varchar(200) NOT NULL,
  process_name varchar(64) NOT NULL,
  event_start_time timestamptz,
  event_end_time timestamptz,
  handle_explain varchar(2000),
  handle_user_name varchar(100),
  handle_user_id varchar(64),
  org_code varchar(18),
  org_name varchar(200),
  exchange_state varchar(10) NOT NULL DEFAULT 'new',
  claimed_by varchar(100),
  claimed_at timestamptz,
  retry_at timestamptz,
  tries integer NOT NULL DEFAULT 0,
  error_code varchar(64),
  error_detail varchar(4000),
  conversation varchar(64),
  case_number varchar(64),
  finished_at timestamptz,
  CONSTRAINT process_in_exchange_state CHECK (exchange_state IN ('new', 'claimed', 'done', 'failed')),
  PRIMARY KEY (row_guid)
);
CREATE INDEX process_in_waiting ON process_in (exchange_state, row_time, row_seq);
CREATE INDEX process_in_project ON process_in (project_no);
COMMENT ON TABLE process_in IS '过程信息(平台写入,网关读取)';
COMMENT ON COLUMN process_in.row_guid IS '行唯一标识,由平台生成,全表唯一';
COMMENT ON COLUMN process_in.row_seq IS '入库顺序号,数据库自动生成';
COMMENT ON COLUMN process_in.operation IS '操作类型:I 新增,U 修改,D 撤销';
COMMENT ON COLUMN process_in.row_time IS '行写入时间;各表按此时间先后处理';
COMMENT ON COLUMN process_in.batch IS '批次号';
COMMENT ON COLUMN process_in.data_source IS '数据来源系统';
COMMENT ON COLUMN process_in.project_no IS '平台办件编号;同一编号的各行按先后顺序处理';
COMMENT ON COLUMN process_in.event_name IS '环节名称';
COMMENT ON COLUMN process_in.process_name IS '环节代码';
COMMENT ON COLUMN process_in.event_start_time IS '环节开始时间';
COMMENT ON COLUMN process_in.event_end_time IS '环节结束时间';
COMMENT ON COLUMN process_in.handle_explain IS '办理意见';
COMMENT ON COLUMN process_in.handle_user_name IS '经办人姓名';
COMMENT ON COLUMN process_in.handle_user_id IS '经办人编号';
COMMENT ON COLUMN process_in.org_code IS '经办部门统一社会信用代码';
COMMENT ON COLUMN process_in.org_name IS '经办部门名称';
COMMENT ON COLUMN process_in.exchange_state IS '交换状态:new 待取,claimed 已取,done 已办,failed 未通过;更正后改回 new 即重新提交';
COMMENT ON COLUMN process_in.claimed_by IS '取走此行的网关';
COMMENT ON COLUMN process_in.claimed_at IS '取走或续约的时间';
COMMENT ON COLUMN process_in.retry_at IS '此时间之后再试';
COMMENT ON COLUMN process_in.tries IS '取走次数';
COMMENT ON COLUMN process_in.error_code IS '未通过或待重试的原因代码';
COMMENT ON COLUMN process_in.error_detail IS '未通过的说明与逐项问题(JSON)';
COMMENT ON COLUMN process_in.conversation IS '通办会话编号';
COMMENT ON COLUMN process_in.case_number IS '通办办件编号';
COMMENT ON COLUMN process_in.finished_at IS '得出结果的时间';

CREATE TABLE special_in (
  row_guid varchar(64) NOT NULL,
  row_seq bigint GENERATED ALWAYS AS IDENTITY,
  operation varchar(1) NOT NULL DEFAULT 'I',
  row_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  batch varchar(64),
  data_source varchar(64),
  project_no varchar(64) NOT NULL,
  special_type varchar(8) NOT NULL,
  special_name varchar(200) NOT NULL,
  special_reason varchar(2000),
  special_time timestamptz NOT NULL,
  special_explain varchar(2000),
  special_end_time timestamptz,
  special_result varchar(2000),
  handle_user_name varchar(100),
  exchange_state varchar(10) NOT NULL DEFAULT 'new',
  claimed_by varchar(100),
  claimed_at timestamptz,
  retry_at timestamptz,
  tries integer NOT NULL DEFAULT 0,
  error_code varchar(64),
  error_detail varchar(4000),
  conversation varchar(64),
  case_number varchar(64),
  finished_at timestamptz,
  CONSTRAINT special_in_exchange_state CHECK (exchange_state IN ('new', 'claimed', 'done', 'failed')),
  PRIMARY KEY (row_guid)
);
CREATE INDEX special_in_waiting ON special_in (exchange_state, row_time, row_seq);
CREATE INDEX special_in_project ON special_in (project_no);
COMMENT ON TABLE special_in IS '特别程序信息(平台写入,网关读取)';
COMMENT ON COLUMN special_in.row_guid IS '行唯一标识,由平台生成,全表唯一';
COMMENT ON COLUMN special_in.row_seq IS '入库顺序号,数据库自动生成';
COMMENT ON COLUMN special_in.operation IS '操作类型:I 新增,U 修改,D 撤销';
COMMENT ON COLUMN special_in.row_time IS '行写入时间;各表按此时间先后处理';
COMMENT ON COLUMN special_in.batch IS '批次号';
COMMENT ON COLUMN special_in.data_source IS '数据来源系统';
COMMENT ON COLUMN special_in.project_no IS '平台办件编号;同一编号的各行按先后顺序处理';
COMMENT ON COLUMN special_in.special_type IS '特别程序类型';
COMMENT ON COLUMN special_in.special_name IS '特别程序名称';
COMMENT ON COLUMN special_in.special_reason IS '启动理由';
COMMENT ON COLUMN special_in.special_time IS '启动时间';
COMMENT ON COLUMN special_in.special_explain IS '说明';
COMMENT ON COLUMN special_in.special_end_time IS '结束时间';
COMMENT ON COLUMN special_in.special_result IS '结果';
COMMENT ON COLUMN special_in.handle_user_name IS '经办人姓名';
COMMENT ON COLUMN special_in.exchange_state IS '交换状态:new 待取,claimed 已取,done 已办,failed 未通过;更正后改回 new 即重新提交';
COMMENT ON COLUMN special_in.claimed_by IS '取走此行的网关';
COMMENT ON COLUMN special_in.claimed_at IS '取走或续约的时间';
COMMENT ON COLUMN special_in.retry_at IS '此时间之后再试';
COMMENT ON COLUMN special_in.tries IS '取走次数';
COMMENT ON COLUMN special_in.error_code IS '未通过或待重试的原因代码';
COMMENT ON COLUMN special_in.error_detail IS '未通过的说明与逐项问题(JSON)';
COMMENT ON COLUMN special_in.conversation IS '通办会话编号';
COMMENT ON COLUMN special_in.case_number IS '通办办件编号';
COMMENT ON COLUMN special_in.finished_at IS '得出结果的时间';

CREATE TABLE result_in (
  row_guid varchar(64) NOT NULL,
  row_seq bigint GENERATED ALWAYS AS IDENTITY,
  operation varchar(1) NOT NULL DEFAULT 'I',
  row_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  batch varchar(64),
  data_source varchar(64),
  project_no varchar(64) NOT NULL,
  result_type varchar(8) NOT NULL,
  result_date timestamptz NOT NULL,
  result_explain varchar(2000),
  cert_name varchar(200),
  cert_no varchar(200),
  is_deliver varchar(4),
  satisfaction varchar(4),
  handle_user_name varchar(100),
  exchange_state varchar(10) NOT NULL DEFAULT 'new',
  claimed_by varchar(100),
  claimed_at timestamptz,
  retry_at timestamptz,
  tries integer NOT NULL DEFAULT 0,
  error_code varchar(64),
  error_detail varchar(4000),
  conversation varchar(64),
  case_number varchar(64),
  finished_at timestamptz,
  CONSTRAINT result_in_exchange_state CHECK (exchange_state IN ('new', 'claimed', 'done', 'failed')),
  PRIMARY KEY (row_guid)
);
CREATE INDEX result_in_waiting ON result_in (exchange_state, row_time, row_seq);
CREATE INDEX result_in_project ON result_in (project_no);
COMMENT ON TABLE result_in IS '办结信息(平台写入,网关读取)';
COMMENT ON COLUMN result_in.row_guid IS '行唯一标识,由平台生成,全表唯一';
COMMENT ON COLUMN result_in.row_seq IS '入库顺序号,数据库自动生成';
COMMENT ON COLUMN result_in.operation IS '操作类型:I 新增,U 修改,D 撤销';
COMMENT ON COLUMN result_in.row_time IS '行写入时间;各表按此时间先后处理';
COMMENT ON COLUMN result_in.batch IS '批次号';
COMMENT ON COLUMN result_in.data_source IS '数据来源系统';
COMMENT ON COLUMN result_in.project_no IS '平台办件编号;同一编号的各行按先后顺序处理';
COMMENT ON COLUMN result_in.result_type IS '办理结果类型';
COMMENT ON COLUMN result_in.result_date IS '办结时间';
COMMENT ON COLUMN result_in.result_explain IS '结果说明';
COMMENT ON COLUMN result_in.cert_name IS '证照名称';
COMMENT ON COLUMN result_in.cert_no IS '证照编号';
COMMENT ON COLUMN result_in.is_deliver IS '送达方式';
COMMENT ON COLUMN result_in.satisfaction IS '满意度';
COMMENT ON COLUMN result_in.handle_user_name IS '经办人姓名';
COMMENT ON COLUMN result_in.exchange_state IS '交换状态:new 待取,claimed 已取,done 已办,failed 未通过;更正后改回 new 即重新提交';
COMMENT ON COLUMN result_in.claimed_by IS '取走此行的网关';
COMMENT ON COLUMN result_in.claimed_at IS '取走或续约的时间';
COMMENT ON COLUMN result_in.retry_at IS '此时间之后再试';
COMMENT ON COLUMN result_in.tries IS '取走次数';
COMMENT ON COLUMN result_in.error_code IS '未通过或待重试的原因代码';
COMMENT ON COLUMN result_in.error_detail IS '未通过的说明与逐项问题(JSON)';
COMMENT ON COLUMN result_in.conversation IS '通办会话编号';
COMMENT ON COLUMN result_in.case_number IS '通办办件编号';
COMMENT ON COLUMN result_in.finished_at IS '得出结果的时间';

CREATE TABLE material_in (
  material_guid varchar(64) NOT NULL,
  project_no varchar(64) NOT NULL,
  material_name varchar(255) NOT NULL,
  media_type varchar(100),
  material_size bigint,
  content bytea,
  row_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  data_source varchar(64),
  PRIMARY KEY (material_guid)
);
CREATE INDEX material_in_project ON material_in (project_no);
COMMENT ON TABLE material_in IS '材料(平台写入,网关读取)';
COMMENT ON COLUMN material_in.material_guid IS '材料唯一标识;受理、过程、办结信息引用它';
COMMENT ON COLUMN material_in.project_no IS '平台办件编号';
COMMENT ON COLUMN material_in.material_name IS '材料名称';
COMMENT ON COLUMN material_in.media_type IS '媒体类型,例如 application/pdf';
COMMENT ON COLUMN material_in.material_size IS '字节数';
COMMENT ON COLUMN material_in.content IS '文件内容';
COMMENT ON COLUMN material_in.row_time IS '行写入时间';
COMMENT ON COLUMN material_in.data_source IS '数据来源系统';
-- 不压缩,分段读取时不必整个展开 / uncompressed, so that parts can be read for themselves
ALTER TABLE material_in ALTER COLUMN content SET STORAGE EXTERNAL;

CREATE TABLE case_out (
  event_id varchar(64) NOT NULL,
  row_seq bigint GENERATED ALWAYS AS IDENTITY,
  written_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  conversation varchar(64) NOT NULL,
  case_number varchar(64) NOT NULL,
  project_no varchar(64),
  task_code varchar(64) NOT NULL,
  receive_region varchar(12) NOT NULL,
  handle_region varchar(12) NOT NULL,
  apply_date timestamptz,
  applyer_name varchar(200),
  applyer_type varchar(4),
  applyer_page_type varchar(8),
  applyer_page_code varchar(64),
  applyer_mobile varchar(20),
  form_data text,
  materials text,
  fetch_state varchar(10) NOT NULL DEFAULT 'new',
  fetched_at timestamptz,
  CONSTRAINT case_out_fetch_state CHECK (fetch_state IN ('new', 'done')),
  PRIMARY KEY (event_id)
);
CREATE INDEX case_out_waiting ON case_out (fetch_state, row_seq);
COMMENT ON TABLE case_out IS '转来的办件(网关写入,平台读取)';
COMMENT ON COLUMN case_out.event_id IS '事件编号,全表唯一;同一编号只写入一次';
COMMENT ON COLUMN case_out.row_seq IS '入库顺序号,数据库自动生成';
COMMENT ON COLUMN case_out.written_at IS '写入时间';
COMMENT ON COLUMN case_out.conversation IS '通办会话编号';
COMMENT ON COLUMN case_out.case_number IS '通办办件编号';
COMMENT ON COLUMN case_out.project_no IS '平台办件编号';
COMMENT ON COLUMN case_out.task_code IS '事项编码';
COMMENT ON COLUMN case_out.receive_region IS '收件地行政区划代码';
COMMENT ON COLUMN case_out.handle_region IS '办理地行政区划代码';
COMMENT ON COLUMN case_out.apply_date IS '申请时间';
COMMENT ON COLUMN case_out.applyer_name IS '申请人姓名或名称';
COMMENT ON COLUMN case_out.applyer_type IS '申请人类型';
COMMENT ON COLUMN case_out.applyer_page_type IS '申请人证件类型';
COMMENT ON COLUMN case_out.applyer_page_code IS '申请人证件号码';
COMMENT ON COLUMN case_out.applyer_mobile IS '申请人手机号码';
COMMENT ON COLUMN case_out.form_data IS '申请表单(JSON)';
COMMENT ON COLUMN case_out.materials IS '材料清单(JSON)';
COMMENT ON COLUMN case_out.fetch_state IS '平台读取状态:new 未读,done 已读;由平台维护';
COMMENT ON COLUMN case_out.fetched_at IS '平台读取时间';

CREATE TABLE event_out (
  event_id varchar(64) NOT NULL,
  row_seq bigint GENERATED ALWAYS AS IDENTITY,
  written_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  conversation varchar(64) NOT NULL,
  case_number varchar(64),
  project_no varchar(64),
  event_type varchar(100) NOT NULL,
  event_time timestamptz NOT NULL,
  event_sequence bigint,
  event_data text,
  fetch_state varchar(10) NOT NULL DEFAULT 'new',
  fetched_at timestamptz,
  CONSTRAINT event_out_fetch_state CHECK (fetch_state IN ('new', 'done')),
  PRIMARY KEY (event_id)
);
CREATE INDEX event_out_waiting ON event_out (fetch_state, row_seq);
COMMENT ON TABLE event_out IS '办件动态(网关写入,平台读取)';
COMMENT ON COLUMN event_out.event_id IS '事件编号,全表唯一;同一编号只写入一次';
COMMENT ON COLUMN event_out.row_seq IS '入库顺序号,数据库自动生成';
COMMENT ON COLUMN event_out.written_at IS '写入时间';
COMMENT ON COLUMN event_out.conversation IS '通办会话编号';
COMMENT ON COLUMN event_out.case_number IS '通办办件编号';
COMMENT ON COLUMN event_out.project_no IS '平台办件编号';
COMMENT ON COLUMN event_out.event_type IS '事件类型';
COMMENT ON COLUMN event_out.event_time IS '事件时间';
COMMENT ON COLUMN event_out.event_sequence IS '同一办件内的顺序';
COMMENT ON COLUMN event_out.event_data IS '事件内容(JSON)';
COMMENT ON COLUMN event_out.fetch_state IS '平台读取状态:new 未读,done 已读;由平台维护';
COMMENT ON COLUMN event_out.fetched_at IS '平台读取时间';

CREATE TABLE material_out (
  material_guid varchar(64) NOT NULL,
  event_id varchar(64) NOT NULL,
  written_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  conversation varchar(64),
  case_number varchar(64),
  project_no varchar(64),
  material_name varchar(255),
  file_name varchar(255) NOT NULL,
  media_type varchar(100),
  material_size bigint,
  sha256 varchar(64),
  content bytea NOT NULL,
  PRIMARY KEY (material_guid)
);
CREATE INDEX material_out_event ON material_out (event_id);
COMMENT ON TABLE material_out IS '材料(网关写入,平台读取);先于引用它的行,同一事务';
COMMENT ON COLUMN material_out.material_guid IS '材料唯一标识,由网关生成;同一编号只写入一次';
COMMENT ON COLUMN material_out.event_id IS '所属行的事件编号(case_out、event_out 的 event_id)';
COMMENT ON COLUMN material_out.written_at IS '写入时间';
COMMENT ON COLUMN material_out.conversation IS '通办会话编号';
COMMENT ON COLUMN material_out.case_number IS '通办办件编号';
COMMENT ON COLUMN material_out.project_no IS '平台办件编号';
COMMENT ON COLUMN material_out.material_name IS '材料名称';
COMMENT ON COLUMN material_out.file_name IS '文件名,各系统可用,同一行内不重复';
COMMENT ON COLUMN material_out.media_type IS '媒体类型,例如 application/pdf';
COMMENT ON COLUMN material_out.material_size IS '字节数';
COMMENT ON COLUMN material_out.sha256 IS '内容的 SHA-256,小写十六进制';
COMMENT ON COLUMN material_out.content IS '文件内容';
-- 不压缩,扫描件压缩无益 / uncompressed: scans gain nothing by it
ALTER TABLE material_out ALTER COLUMN content SET STORAGE EXTERNAL;
