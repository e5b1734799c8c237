import { status } from '@grpc/grpc-js';

/**
 * How a gateway answers with a code.
 *
 * - `call`: the gRPC call itself ends with the status.
 * - `refusal`: unsigned, nothing stored (steps 1 to 3 of receiving).
 * - `deferral`: unsigned, nothing stored, the sender tries again.
 * - `receipt`: the final, signed and stored verdict "rejected".
 * - `local`: only the own API, CLI or log shows it.
 */
export type Answer = 'call' | 'refusal' | 'deferral' | 'receipt' | 'local';

interface Entry {
  readonly answer: Answer;
  readonly grpc: status;
  readonly http: number;
  readonly retryable: boolean;
  readonly zh: string;
  readonly en: string;
}

function entry(answer: Answer, grpc: status, http: number, retryable: boolean, zh: string, en: string): Entry {
  return { answer, grpc, http, retryable, zh, en };
}

const { UNAUTHENTICATED, PERMISSION_DENIED, INVALID_ARGUMENT, FAILED_PRECONDITION, NOT_FOUND, ALREADY_EXISTS } = status;
const { RESOURCE_EXHAUSTED, UNAVAILABLE, INTERNAL, OUT_OF_RANGE, ABORTED, DATA_LOSS, UNIMPLEMENTED } = status;

/** The closed registry: every code that a gateway, a verifier, the API or the CLI may name. */
// biome-ignore format: a table is read in lines
export const ERROR_CODES = {
  // who is calling
  PEER_UNKNOWN: entry('call', UNAUTHENTICATED, 401, false, '对端证书未登记', 'the TLS client certificate is missing or not pinned'),
  PEER_MISMATCH: entry('refusal', PERMISSION_DENIED, 403, false, '连接方与报文发送方不一致', 'the connected peer is not the sender that the header names'),
  WRONG_RECIPIENT: entry('refusal', INVALID_ARGUMENT, 422, false, '收件方不是本地区', 'the header names another recipient'),
  PROTOCOL_VIOLATION: entry('call', INVALID_ARGUMENT, 400, false, '对端未按协议发送', 'a frame came out of place'),
  SHUTTING_DOWN: entry('call', UNAVAILABLE, 503, true, '网关正在停止', 'the gateway is shutting down; try again'),
  BACK_PRESSURE: entry('call', RESOURCE_EXHAUSTED, 429, true, '请求过多,请稍后再试', 'too much is waiting; slow down and try again'),
  // the bytes
  MALFORMED: entry('refusal', INVALID_ARGUMENT, 400, false, '报文无法解析', 'the bytes are not a well-formed message'),
  VERSION_UNSUPPORTED: entry('refusal', UNIMPLEMENTED, 422, false, '报文版本不支持', 'this version of the envelope is not supported'),
  EXTENSION_UNKNOWN: entry('refusal', UNIMPLEMENTED, 422, false, '含有无法理解的关键扩展', 'a critical extension is not understood'),
  MESSAGE_TOO_LARGE: entry('refusal', OUT_OF_RANGE, 413, false, '报文超过 1 MiB', 'the message is larger than 1 MiB'),
  ID_REUSED: entry('refusal', ALREADY_EXISTS, 409, false, '报文编号被用于不同内容', 'the envelope id was used for other content'),
  // the seal
  JWS_INVALID: entry('refusal', INVALID_ARGUMENT, 422, false, '签名结构不符合要求', 'the signed object is not an acceptable JWS'),
  TYP_MISMATCH: entry('refusal', INVALID_ARGUMENT, 422, false, '签名对象类型不符', 'signed for another purpose'),
  ALGORITHM_NOT_ALLOWED: entry('refusal', INVALID_ARGUMENT, 422, false, '签名算法不允许', 'the algorithm is not the one of the key'),
  KEY_UNKNOWN: entry('refusal', UNAUTHENTICATED, 401, false, '签名密钥不在地区声明中', "the key is not in the region's statement"),
  KEY_REVOKED: entry('refusal', UNAUTHENTICATED, 401, false, '签名密钥已吊销', 'the key was revoked, and nothing proves that the signature is older than that'),
  KEY_NOT_VALID: entry('refusal', UNAUTHENTICATED, 401, false, '签名密钥不在有效期内', 'the key is outside its validity window'),
  SIGNATURE_INVALID: entry('refusal', UNAUTHENTICATED, 401, false, '签名验证失败', 'the signature does not verify'),
  SUITE_MISMATCH: entry('refusal', INVALID_ARGUMENT, 422, false, '算法套件与密钥不符', 'the header names another suite than the key has'),
  ISSUER_MISMATCH: entry('refusal', PERMISSION_DENIED, 403, false, '签名方与发送方不一致', 'the signed root was issued by another region'),
  ROOT_MISMATCH: entry('refusal', DATA_LOSS, 422, false, '批次树根不符,报文头被改动', 'the rebuilt tree has another root: a header was altered'),
  PATH_INVALID: entry('refusal', DATA_LOSS, 422, false, '证明路径无效', 'the inclusion path does not lead to the signed root'),
  PAYLOAD_MISMATCH: entry('refusal', DATA_LOSS, 422, false, '正文摘要不符', 'the payload is not the one the header was made for'),
  SEAL_TIME: entry('refusal', ABORTED, 422, true, '封装时间与本机相差超过 5 分钟', 'the seal is not within five minutes of our clock; check both clocks'),
  SENT_IN_FUTURE: entry('refusal', INVALID_ARGUMENT, 422, false, '发送时间晚于封装时间', 'the header claims to be sent after it was sealed'),
  EXPIRED: entry('refusal', OUT_OF_RANGE, 410, false, '报文已过期', 'the envelope expired before it was decided'),
  EXPIRY_INVALID: entry('refusal', INVALID_ARGUMENT, 422, false, '有效期设置无效', 'expires_at is not after sent_at or more than 30 days later'),
  // order
  SEQUENCE_GAP: entry('deferral', FAILED_PRECONDITION, 409, true, '前序报文未到', 'an earlier envelope of the conversation is missing'),
  SEQUENCE_USED: entry('receipt', ALREADY_EXISTS, 409, false, '序号已被使用', 'the sequence number was used by another envelope'),
  MATERIAL_MISSING: entry('deferral', FAILED_PRECONDITION, 409, true, '材料文件未到', 'a material named by the envelope has not arrived'),
  TRY_LATER: entry('deferral', UNAVAILABLE, 503, true, '暂时无法处理', 'the gateway cannot decide now; try again'),
  GIVEN_UP: entry('local', ABORTED, 409, false, '报文已放弃', 'an operator gave the envelope up before the peer decided it'),
  // the payload
  UNKNOWN_TYPE: entry('receipt', UNIMPLEMENTED, 422, false, '报文类型未知', 'the message type is not known here'),
  PAYLOAD_INVALID: entry('receipt', INVALID_ARGUMENT, 422, false, '正文内容不符合规则', 'a field of the payload is missing or wrong'),
  // authorization
  AUTHORIZATION_UNKNOWN: entry('receipt', PERMISSION_DENIED, 403, false, '未找到所引用的授权', 'the cited authorization is not known here'),
  AUTHORIZATION_PENDING: entry('deferral', FAILED_PRECONDITION, 409, true, '授权尚待确认', 'the authorization awaits its receipt'),
  AUTHORIZATION_SUSPENDED: entry('receipt', PERMISSION_DENIED, 403, false, '授权已中止,暂不受理新办件', 'the authorization is suspended: no new case until it is resumed'),
  AUTHORIZATION_INACTIVE: entry('receipt', PERMISSION_DENIED, 403, false, '授权未生效或已终止', 'the authorization is not in force'),
  AUTHORIZATION_REQUIRED: entry('receipt', PERMISSION_DENIED, 403, false, '该类报文须引用授权', 'this type of message must cite an authorization'),
  AUTHORIZATION_INVALID: entry('receipt', INVALID_ARGUMENT, 422, false, '授权文件无效', 'the authorization document is not valid'),
  ITEM_NOT_COVERED: entry('receipt', PERMISSION_DENIED, 403, false, '事项不在授权范围内', 'the authorization does not cover the item'),
  MODE_NOT_COVERED: entry('receipt', PERMISSION_DENIED, 403, false, '通办模式不在授权范围内', 'the authorization does not cover the mode'),
  RIGHT_MISSING: entry('receipt', PERMISSION_DENIED, 403, false, '缺少相应权限', 'the authorization does not grant the right'),
  FIELD_NOT_ALLOWED: entry('receipt', PERMISSION_DENIED, 403, false, '字段不在允许传递的范围内', 'a personal field is not on the allow-list'),
  // joint handling among several regions
  JOINT_UNKNOWN: entry('receipt', PERMISSION_DENIED, 403, false, '未找到联办协议', 'the joint-handling agreement is not known here'),
  JOINT_INVALID: entry('receipt', INVALID_ARGUMENT, 422, false, '联办协议无效', 'the joint-handling agreement, a signature or an ending of it is not valid'),
  JOINT_INACTIVE: entry('receipt', FAILED_PRECONDITION, 409, false, '联办协议已终止或已过签署期限', 'the joint-handling agreement has ended, or it is too late to sign it'),
  // entrustment of departments, windows and representatives
  ENTRUSTMENT_UNKNOWN: entry('receipt', NOT_FOUND, 404, false, '未找到授权委托书', 'the entrustment is not known here'),
  ENTRUSTMENT_INVALID: entry('receipt', INVALID_ARGUMENT, 422, false, '授权委托书无效', 'a link of the chain of entrustments is malformed or does not follow from the one above it'),
  ENTRUSTMENT_WIDENED: entry('receipt', PERMISSION_DENIED, 403, false, '转委托超出上一级委托的范围', 'a link passes on more than was given to it'),
  ENTRUSTMENT_DEPTH: entry('receipt', PERMISSION_DENIED, 403, false, '超出允许转委托的层级', 'the entrustment may not be passed on that far'),
  ENTRUSTMENT_CYCLE: entry('receipt', INVALID_ARGUMENT, 422, false, '授权委托书循环委托', 'somebody stands twice in the chain of entrustments'),
  ENTRUSTMENT_INACTIVE: entry('receipt', PERMISSION_DENIED, 403, false, '授权委托书不在有效期内', 'a link of the chain of entrustments is outside its validity'),
  ENTRUSTMENT_REVOKED: entry('receipt', PERMISSION_DENIED, 403, false, '授权委托书已撤销', 'a link of the chain of entrustments was revoked'),
  MATERIAL_GRADE: entry('receipt', PERMISSION_DENIED, 403, false, '材料可信等级低于授权要求', 'a material has a lower trust grade than the authorization asks for'),
  // the case
  CASE_UNKNOWN: entry('receipt', NOT_FOUND, 404, false, '办件不存在', 'no case has this conversation'),
  ITEM_UNKNOWN: entry('receipt', NOT_FOUND, 404, false, '事项不在目录中', 'the item is not in the catalogue'),
  REMOTE_VIDEO_NOT_ALLOWED: entry('receipt', FAILED_PRECONDITION, 422, false, '该事项不允许远程视频核验,请当面核验', 'the item does not let a window see the applicant by video: see him in person'),
  INQUIRY_UNKNOWN: entry('receipt', NOT_FOUND, 404, false, '协查或咨询不存在', 'no inquiry has this conversation'),
  ITEM_VERSION_UNKNOWN: entry('receipt', FAILED_PRECONDITION, 409, false, '事项版本未知或已停用', 'this version of the item is not known here, or no longer in force: ask for the newest catalogue and begin the case anew'),
  ILLEGAL_TRANSITION: entry('receipt', FAILED_PRECONDITION, 409, false, '当前状态不允许此操作', 'the case is in a state that does not allow this'),
  // material transfer
  MATERIAL_TOO_LARGE: entry('call', OUT_OF_RANGE, 413, false, '材料超过 200 MiB', 'the material is larger than 200 MiB'),
  MATERIAL_OFFSET: entry('call', ABORTED, 409, true, '续传位置不符', 'the offset is not where the staged file ends; ask Status'),
  MATERIAL_DIGEST: entry('call', DATA_LOSS, 422, false, '材料摘要不符', 'the bytes are not those of the digest'),
  MATERIAL_QUOTA: entry('call', RESOURCE_EXHAUSTED, 429, true, '暂存空间已满', 'the staging quota of the peer is used up'),
  // what verifiers say
  STATEMENT_INVALID: entry('local', INVALID_ARGUMENT, 422, false, '地区声明无效', 'the region statement is not valid'),
  STATEMENT_EXPIRED: entry('call', FAILED_PRECONDITION, 422, false, '地区声明已过期', 'the region statement expired; ask the region for a new one'),
  STATEMENT_STALE: entry('local', ABORTED, 409, false, '地区声明早于已登记的版本', 'the statement is older than the pinned one'),
  FINGERPRINT_MISMATCH: entry('local', UNAUTHENTICATED, 422, false, '指纹不符', 'the fingerprint is not that of the statement; compare it with the other operator again'),
  ANCHOR_UNREACHABLE: entry('local', UNAVAILABLE, 502, true, '无法读取锚点文件', 'the files of the anchor cannot be read'),
  CHAIN_INVALID: entry('local', INVALID_ARGUMENT, 422, false, '信任链无效', 'the files of the anchor are no chain of statements to the region'),
  CHAIN_EXPIRED: entry('local', FAILED_PRECONDITION, 422, false, '信任链不在有效期内', 'a statement of the chain is outside its validity; the anchor must publish anew'),
  CHAIN_CONSTRAINT: entry('local', PERMISSION_DENIED, 403, false, '超出锚点的约束', 'an anchor of the chain does not allow this region, or so long a chain'),
  CHAIN_REVOKED: entry('local', PERMISSION_DENIED, 403, false, '已被锚点撤销', 'the anchor withdrew what the chain rests on'),
  CHAIN_STALE: entry('local', ABORTED, 409, false, '锚点文件早于已有的版本', 'the files of the anchor are older than those that we hold'),
  TRUST_MARK_INVALID: entry('local', INVALID_ARGUMENT, 422, false, '信任标志无效', 'the trust mark does not count for the region, or no longer'),
  TRUST_MARK_MISSING: entry('local', FAILED_PRECONDITION, 422, false, '缺少所要求的信任标志', 'the peering policy demands a trust mark that the region does not have'),
  RECEIPT_INVALID: entry('local', DATA_LOSS, 422, false, '回执无效', 'the receipt does not belong to the envelope or is malformed'),
  CHECKPOINT_INVALID: entry('local', DATA_LOSS, 422, false, '检查点无效', 'the checkpoint is malformed or badly signed'),
  LOG_PROOF_INVALID: entry('local', DATA_LOSS, 422, false, '存证日志证明无效', 'the log proof does not verify'),
  LOG_CORRUPT: entry('local', DATA_LOSS, 500, false, '存证日志与记录不符', 'the stored log does not match its records'),
  LOG_FORKED: entry('local', DATA_LOSS, 422, false, '存证日志被缩短、改写或对各方不一致', 'two checkpoints of one log contradict each other: it was shortened, rewritten or shown differently'),
  TIMESTAMP_INVALID: entry('local', DATA_LOSS, 422, false, '可信时间戳无效', 'the timestamp is malformed, about something else or not by a trusted authority'),
  TIMESTAMP_UNAVAILABLE: entry('local', UNAVAILABLE, 503, true, '可信时间戳服务不可用,已超过宽限期', 'no timestamp could be had for longer than the grace time; nothing new is accepted until the authority answers'),
  BUNDLE_INVALID: entry('local', INVALID_ARGUMENT, 422, false, '存证包无效', 'the evidence bundle is malformed or incomplete'),
  ARCHIVE_INVALID: entry('local', DATA_LOSS, 422, false, '归档卷无效', 'the volume of the archive is missing, malformed or was altered'),
  CERTIFICATE_MALFORMED: entry('local', INVALID_ARGUMENT, 422, false, '电子证照格式无效', 'not an SD-JWT certificate'),
  CERTIFICATE_DISCLOSURE: entry('local', DATA_LOSS, 422, false, '电子证照披露项无效', 'a disclosure does not belong to the certificate'),
  CERTIFICATE_EXPIRED: entry('local', OUT_OF_RANGE, 410, false, '电子证照已过期', 'the certificate is past its date'),
  CERTIFICATE_NOT_YET_VALID: entry('local', OUT_OF_RANGE, 422, false, '电子证照尚未生效', 'the certificate is not valid yet'),
  CERTIFICATE_NOT_IN_FORCE: entry('local', FAILED_PRECONDITION, 422, false, '电子证照已暂停、注销、撤销或吊销', 'the issuer suspended, cancelled, revoked or withdrew the certificate'),
  CERTIFICATE_ISSUER: entry('local', PERMISSION_DENIED, 403, false, '电子证照签发地区不受信任', 'the issuer is not a region we know'),
  CERTIFICATE_IDENTIFIER: entry('local', INVALID_ARGUMENT, 422, false, '电子证照标识无效', 'the certificate identifier is malformed or its check character is wrong'),
  CERTIFICATE_TYPE: entry('local', INVALID_ARGUMENT, 422, false, '电子证照类型不符', 'the certificate is of another type than demanded, or contradicts the definition of its type'),
  CERTIFICATE_BINDING: entry('local', DATA_LOSS, 422, false, '持证人密钥绑定无效', 'the proof of the holder is not of his key, of this presentation or for this verifier'),
  CERTIFICATE_BINDING_MISSING: entry('local', INVALID_ARGUMENT, 422, false, '缺少持证人密钥绑定', 'the holder must prove that the certificate is his; present it with key binding'),
  CERTIFICATE_BINDING_STALE: entry('local', OUT_OF_RANGE, 422, false, '持证人密钥绑定已过时', 'the proof of the holder is too old or from the future; present the certificate anew'),
  CERTIFICATE_EXISTS: entry('local', ALREADY_EXISTS, 409, false, '电子证照已存在', 'a certificate with this identifier exists, or one with this number is in force'),
  CERTIFICATE_REFERENCE: entry('local', INVALID_ARGUMENT, 422, false, '二维码不是电子证照查验码', 'the text of the QR code is not the reference of a certificate; an address in it is never opened'),
  RENDITION_UNSUPPORTED: entry('local', FAILED_PRECONDITION, 409, false, '无法生成该证照的 PDF', 'no PDF can be made of this certificate here'),
  RENDITION_ALTERED: entry('local', DATA_LOSS, 422, false, '证照 PDF 与签署时不一致', 'the PDF is not what the region that issued the certificate signed'),
  WATERMARK_UNSUPPORTED: entry('local', FAILED_PRECONDITION, 409, false, '该类材料不能生成水印件', 'no watermarked copy is made of a file of this kind; read the original'),
  WATERMARK_REFUSED: entry('local', INVALID_ARGUMENT, 422, false, '材料文件有误或过大,不能生成水印件', 'the file is malformed or too large for a watermarked copy; read the original'),
  STATUS_LIST_INVALID: entry('local', INVALID_ARGUMENT, 422, false, '证照状态列表无效', 'the status list of the certificates is malformed or too large'),
  STATUS_LIST_ISSUER: entry('local', PERMISSION_DENIED, 403, false, '证照状态列表不属于该证照', 'the status list is not the one of the certificate'),
  STATUS_LIST_STALE: entry('local', OUT_OF_RANGE, 422, false, '证照状态列表已过期或过旧', 'the status list has expired, is older than demanded or than one that was seen; get a fresh one'),
  STATUS_INDEX: entry('local', OUT_OF_RANGE, 422, false, '证照状态序号超出列表', 'the status list has no entry with the number that the certificate names'),
  STATUS_UNKNOWN: entry('local', FAILED_PRECONDITION, 422, false, '证照状态不明', 'how the certificate stands is not known; ask its issuer'),
  // the own API, CLI and configuration
  VALIDATION_FAILED: entry('local', INVALID_ARGUMENT, 422, false, '输入有误', 'one or more fields are wrong'),
  REQUEST_INVALID: entry('local', INVALID_ARGUMENT, 400, false, '请求无法解析', 'the request cannot be read'),
  UNAUTHORIZED: entry('local', UNAUTHENTICATED, 401, false, '缺少或无效的访问令牌', 'a valid bearer token is needed; make one with: tongban token --role'),
  FORBIDDEN: entry('local', PERMISSION_DENIED, 403, false, '该角色无权操作', 'the role of the token does not allow this'),
  ROLE_CONFLICT: entry('local', PERMISSION_DENIED, 403, false, '一人不得兼任', "this subject holds another role; no person holds two of the administrators' roles"),
  SECOND_FACTOR_REQUIRED: entry('local', PERMISSION_DENIED, 403, false, '须先以第二因素登录', 'an administrator acts only with a token of a session: tongban session open'),
  SECOND_FACTOR_WRONG: entry('local', PERMISSION_DENIED, 403, false, '第二因素不符:口令错误或已用过,或证书不是登记的', 'the one-time code is wrong or was used (wait for the next one), or the client certificate is not the enrolled one'),
  SECOND_FACTOR_LOCKED: entry('local', RESOURCE_EXHAUSTED, 429, true, '动态口令多次错误,暂时锁定', 'too many wrong one-time codes; wait, then try again'),
  MATERIAL_PARKED: entry('local', FAILED_PRECONDITION, 409, false, '材料疑含恶意代码,已隔离', 'the malware scan flagged the file: it is not handed out unless a security administrator releases it'),
  MATERIAL_UNSCANNED: entry('local', UNAVAILABLE, 503, true, '材料尚未完成恶意代码检查', 'the file waits for the malware scan; try again'),
  NOT_FOUND: entry('local', NOT_FOUND, 404, false, '未找到', 'there is no such thing'),
  PURPOSE_REQUIRED: entry('local', PERMISSION_DENIED, 403, false, '须写明用途', 'say what the personal data is wanted for: --purpose, ?purpose=… or the header x-purpose'),
  CONFLICT: entry('local', ABORTED, 409, false, '与现有状态冲突', 'the state of the thing does not allow this'),
  IDEMPOTENCY_KEY_REUSED: entry('local', ABORTED, 422, false, '幂等键已用于不同请求', 'the idempotency key was used for another request'),
  EVENTS_GONE: entry('local', OUT_OF_RANGE, 410, false, '此位置之后的事件已不再保存', 'events after this position are no longer kept: read the cases anew, then go on from a later position'),
  PEER_NOT_PINNED: entry('local', FAILED_PRECONDITION, 409, false, '对端地区未登记', 'the region is not pinned; add its statement with: tongban peer add'),
  PEER_UNREACHABLE: entry('local', UNAVAILABLE, 502, true, '无法连接对端', 'the peer cannot be reached'),
  PEER_CERTIFICATE: entry('local', UNAUTHENTICATED, 502, false, '对端出示的 TLS 证书未登记或不在有效期', 'the TLS certificate of the peer is not pinned or not in date'),
  GATEWAY_UNREACHABLE: entry('local', UNAVAILABLE, 502, true, '无法连接本地网关', 'the gateway cannot be reached; is it running?'),
  PLATFORM_UNREACHABLE: entry('local', UNAVAILABLE, 502, true, '无法连接本地平台', 'the local platform cannot be reached'),
  PLATFORM_REFUSED: entry('local', FAILED_PRECONDITION, 502, false, '本地平台拒绝接收', 'the local platform refuses the event for good'),
  MAPPING_FAILED: entry('local', INVALID_ARGUMENT, 422, false, '无法按字段映射理解', "what the platform handed in cannot be put into the gateway's words: mend the record or the mapping, then try again"),
  CREDIT_RESTRICTED: entry('local', PERMISSION_DENIED, 409, false, '申请人信用受限,不适用容缺受理', 'the credit platform says that the applicant is not in good credit: the case cannot be accepted against a commitment'),
  CREDIT_UNKNOWN: entry('local', UNAVAILABLE, 503, true, '信用状况无法核查,不适用容缺受理', 'nobody could say whether the applicant is in good credit; try again, or accept with the reason why that is waived'),
  CONFIG_INVALID: entry('local', INVALID_ARGUMENT, 400, false, '配置有误', 'the configuration is wrong'),
  PASSPHRASE_WRONG: entry('local', UNAUTHENTICATED, 401, false, '密钥口令错误', 'the passphrase does not open the keys'),
  KEY_MISSING: entry('local', NOT_FOUND, 500, false, '缺少密钥', 'a key file is missing'),
  ISSUER_UNREACHABLE: entry('local', UNAVAILABLE, 503, true, '令牌签发方的密钥暂不可得', "the keys of the tokens' issuer cannot be had; it is tried again"),
  SIGNER_UNAVAILABLE: entry('local', UNAVAILABLE, 503, true, '签名服务暂不可用', 'the signature server or token does not answer; it is tried again'),
  SIGNER_REFUSED: entry('local', PERMISSION_DENIED, 502, false, '签名服务拒绝签名', 'the signature server or token refuses to sign; check credentials and permissions there'),
  SIGNER_WRONG: entry('local', DATA_LOSS, 502, false, '签名服务的身份或签名不符', 'not the configured signature server, or its signature is not of the stated key; nothing of it is used'),
  SEAL_UNAVAILABLE: entry('local', UNAVAILABLE, 503, true, '印章服务暂不可用', 'the seal service does not answer, or cannot now; no PDF goes out without the seal'),
  SEAL_REFUSED: entry('local', PERMISSION_DENIED, 502, false, '印章服务拒绝签章', 'the seal service refuses to seal; check credentials, rights and the name of the seal there'),
  SEAL_WRONG: entry('local', DATA_LOSS, 502, false, '印章服务返回的文件不符', 'what the seal service gave back is not the document that was sent under the configured seal; nothing of it is used'),
  STORE_VERSION: entry('local', FAILED_PRECONDITION, 500, false, '数据库版本高于程序版本', 'the data was written by a newer program; upgrade the program'),
  STORE_UNAVAILABLE: entry('local', UNAVAILABLE, 503, true, '数据库暂不可用', 'the database does not answer, or cannot now; it is tried again'),
  STORE_PUT_BACK: entry('call', FAILED_PRECONDITION, 503, false, '数据库早于对端所见,已停止收发', 'the database is older than what a peer has seen: stop the gateway and run: tongban store restored'),
  RESTORE_PENDING: entry('local', UNAVAILABLE, 503, true, '恢复后尚未从对端补齐', 'after the restore the peer has not yet given back what was lost; see: tongban store recovery'),
  CONVERSATION_HELD: entry('local', UNAVAILABLE, 409, true, '恢复后该会话尚待人工核对', 'after the restore the conversation is not whole: somebody must look and release it; see: tongban store recovery'),
  BACKUP_INVALID: entry('local', DATA_LOSS, 422, false, '备份无效', 'the backup is incomplete, was altered, or is of another region'),
  STORE_IN_USE: entry('local', FAILED_PRECONDITION, 503, true, '数据库正由另一个网关使用', 'another gateway uses the database, or did since; only one at a time may'),
  AT_REST_LOCKED: entry('local', FAILED_PRECONDITION, 503, true, '数据已加密,缺少解密所需的密钥', 'what is stored is encrypted under a key that is not open here; bring the storage key back, or give its passphrase'),
  AT_REST_BROKEN: entry('local', DATA_LOSS, 500, false, '加密存储的数据已损坏或被调换', 'what is stored does not open in its place: it was altered, cut off or moved; restore it from a backup'),
  AT_REST_PLAIN: entry('local', FAILED_PRECONDITION, 500, false, '数据未加密存储', 'what is stored is not encrypted, and the configuration demands that it is; wait for the encryption of old data, or take the demand back'),
  INTERNAL: entry('local', INTERNAL, 500, true, '内部错误', 'an unexpected error; see the log'),
} as const satisfies Record<string, Entry>;

/** A code of the closed registry. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** Whether a text received from outside is a code of the registry. */
export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERROR_CODES, text);
}

/** One wrong field: where (RFC 6901 pointer), which code, and what to do. Never contains the value. */
export interface Problem {
  readonly pointer: string;
  readonly code: string;
  readonly message: string;
}

/** Any error that may reach a user or the wire. `message` never contains personal data or secrets. */
export class CodedError extends Error {
  readonly code: ErrorCode;
  readonly problems: readonly Problem[];

  /**
   * @param code what went wrong, from the registry
   * @param detail what exactly, in words; the registry's meaning when omitted
   * @param problems every wrong field, where fields are wrong
   */
  constructor(code: ErrorCode, detail?: string, problems: readonly Problem[] = [], options?: ErrorOptions) {
    super(detail ?? ERROR_CODES[code].en, options);
    this.name = new.target.name;
    this.code = code;
    this.problems = problems;
  }
}
