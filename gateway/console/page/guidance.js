// What a person is told about a parked message: what each problem means, and what to do about it.

import { said } from './words.js';

/** Wrong fields and unreadable records by the code that the gateway gives, each: what it is, and who mends it how. */
// biome-ignore format: a table is read in lines
const PROBLEMS = {
  // a field
  REQUIRED: [['缺少必填的内容', 'Something required is missing'], ['请平台补填，或在映射里给默认值', 'Have the platform fill it in, or give it a default in the mapping']],
  TYPE: [['值的类型不对', 'The value is of another kind'], ['请平台改正，或在映射里转换', 'Have the platform correct it, or convert it in the mapping']],
  FORMAT: [['格式不对', 'It has another form than expected'], ['请平台改正，或改映射里的格式', 'Have the platform correct it, or change the form in the mapping']],
  IDENTIFIER: [['号码的格式或校验位不对', 'The number or its check digit is wrong'], ['请平台核对号码', 'Have the platform check the number']],
  DATE: [['日期无法识别', 'It is not a date that can be read'], ['请平台改正，或改映射里的日期格式', 'Have the platform correct it, or change the date pattern in the mapping']],
  CLOCK: [['时间晚于现在', 'The time lies in the future'], ['请平台校准时钟', 'Have the platform set its clock']],
  UNKNOWN_CODE: [['代码表里没有这个代码', 'The code table does not have this code'], ['在映射的代码表里补上它，再重试', 'Add it to the table of the mapping, then retry']],
  UNKNOWN_WORD: [['代码表里没有对应的词', 'The code table does not have this word'], ['在映射的代码表里补上它，再重试', 'Add it to the table of the mapping, then retry']],
  AMBIGUOUS: [['一个词对应多个代码', 'One word stands for several codes'], ['在映射里写明用哪一个', 'Say in the mapping which one counts']],
  NOT_IN_LIST: [['不在允许的范围内', 'It is not one of those that are allowed'], ['请平台改正，或在映射里换成允许的词', 'Have the platform correct it, or map it to an allowed word']],
  UNKNOWN_FIELD: [['多出不认识的字段', 'There is a field that nobody knows'], ['在映射里去掉它', 'Leave it out in the mapping']],
  TOO_LONG: [['太长', 'It is too long'], ['请平台缩短', 'Have the platform shorten it']],
  TOO_SHORT: [['太短', 'It is too short'], ['请平台补全', 'Have the platform complete it']],
  LENGTH: [['长度不对', 'It has the wrong length'], ['请平台改正', 'Have the platform correct it']],
  RANGE: [['数值超出范围', 'The number is out of range'], ['请平台改正', 'Have the platform correct it']],
  CHARACTERS: [['含有不允许的字符', 'It has characters that are not allowed'], ['请平台去掉控制字符', 'Have the platform remove control characters']],
  TOO_MANY: [['条数过多', 'There are too many of them'], ['请平台分开提交', 'Have the platform hand them in apart']],
  DUPLICATE: [['重复', 'It is there twice'], ['请平台去掉重复的', 'Have the platform remove one']],
  CONFLICT: [['与别处的内容矛盾', 'It contradicts something else'], ['请平台核对', 'Have the platform check it']],
  // the mapping
  NO_RULE: [['映射里没有适用的规则', 'No rule of the mapping is about it'], ['在映射里加一条规则，不需要的写 ignore', 'Add a rule, or one with ignore']],
  EXPRESSION: [['映射里的表达式算不出结果', 'An expression of the mapping fails'], ['用 tongban adapter check 试这条记录，改正表达式', 'Try the record with tongban adapter check, and mend the expression']],
  // the whole record
  ENCODING: [['文字编码不对', 'It is not in the encoding that it says'], ['请平台按声明的编码重新提交', 'Have the platform hand it in again as it declares']],
  MALFORMED: [['XML 或 JSON 不完整、有语法错误', 'It is no well-formed XML or JSON'], ['请平台改正后重新提交', 'Have the platform correct it and hand it in again']],
  DOCTYPE: [['XML 带有 DOCTYPE，不接受', 'Its XML has a DOCTYPE, which is refused'], ['请平台去掉 DOCTYPE 和实体', 'Have the platform remove DOCTYPE and entities']],
  TOO_DEEP: [['嵌套太深', 'It is nested too deep'], ['请平台核对', 'Have the platform check it']],
  TOO_LARGE: [['超过大小上限', 'It is larger than may be'], ['请平台分开提交', 'Have the platform split it']],
  FIELDS: [['这一行的列数与表头不符', 'The row has another number of columns than the head'], ['请平台改正这一行', 'Have the platform correct the row']],
  FILE: [['文件读不出来', 'The file cannot be read'], ['请平台改正后重新放入', 'Have it corrected and placed again']],
  MEDIA_TYPE: [['不是约定的格式', 'It is of another format than agreed'], ['请平台核对 Content-Type 或文件名', 'Have the platform check Content-Type or file name']],
  ENVELOPE: [['不是约定的 SOAP 报文', 'It is not the SOAP message that was agreed'], ['请平台按约定提交', 'Have the platform follow the agreement']],
  CLOUD_EVENT: [['不是合格的 CloudEvents', 'It is no valid CloudEvent'], ['请平台按规范提交', 'Have the platform follow the specification']],
};
const OTHER_PROBLEM = [
  ['内容不符合要求', 'It is not as it must be'],
  ['请按说明改正', 'Correct it as the text says'],
];

/** Problems of records that nobody could read: to try the same bytes again changes nothing. */
const UNREADABLE = ['ENCODING', 'MALFORMED', 'DOCTYPE', 'TOO_DEEP', 'FILE', 'MEDIA_TYPE', 'ENVELOPE', 'CLOUD_EVENT'];

// biome-ignore format: a table is read in lines
const STEPS = {
  unreadable: [['请平台改正后重新提交；重试读的还是原来的字节，没有用。', 'Have the platform correct it and hand it in again. A retry reads the same bytes and does not help.'], ['重新提交办成后，本条若没有自动结案（换了新的文件或标识），就放弃本条。', 'When the new one is done and this message is still here, since it came under a new file or key, drop this one.']],
  MAPPING_FAILED: [['按上面的说明改映射文件：一秒内生效，不用重启。先用 tongban adapter check 核对。', 'Mend the mapping file as said above: it counts within a second, without a restart. Try it with tongban adapter check first.'], ['再由系统管理员重试。如果错在平台的记录，请平台改正后重新提交，办成即自动结案。', 'Then a system administrator retries. Where the record is wrong, have the platform correct it and hand it in again: that closes this message.']],
  VALIDATION_FAILED: [['请平台改正记录后重新提交，办成即自动结案。', 'Have the platform correct the record and hand it in again: that closes this message.'], ['如果平台是以新的标识提交的，办成后放弃本条。', 'Where it came under a new key, drop this one afterwards.']],
  NOT_FOUND: [['所指的办件还没有。先处理同一办件较早的一条，从旧到新逐条重试。', 'The case is not here yet. Deal with the earlier message of the same case first, and retry from the oldest to the newest.']],
  intake: [['按代码核对办件的状态，需要时与平台商量。', 'Look at the case as the code says, with the platform where needed.'], ['改好后重试；不需要了就放弃。', 'Retry when it is mended; drop what nobody needs.']],
  AT_REST: [['本地保存的内容解不开，与对端、平台无关：从备份恢复，或补回密钥，再重试。', 'Our own copy does not open; neither peer nor platform is to blame. Restore it, or the key, then retry.'], ['无法恢复的放弃。', 'What is lost for good is dropped.']],
  refused: [['对端拒收报文本身：按代码与对端核对版本、算法和限制。', 'The peer refuses the envelope for what it is: compare version, suite and limits with it.'], ['对端升级或修好后重试。放弃会让办件的这一步作废，先与对端说好。', 'Retry when it is mended. To drop it voids this step of the case: agree with the peer first.']],
  deferred: [['对端长期暂缓：缺材料的查材料，其余请对端查日志，并核对声明和时钟。', 'The peer defers it all the time: look for the missing file, have the peer look into its log, compare statements and clocks.'], ['修好后重试。', 'Then retry.']],
  expired: [['对端不在的时间超过了报文有效期。重试会按新的时间重发。', 'The peer was away for longer than the envelope lives. A retry says it anew.'], ['提示须重新办理的，在办件上重新办理，再放弃本条。', 'Where it says so, do the act again on the case, then drop this one.']],
  undeliverable: [['修好本地平台，再重试。', 'Mend the platform, then retry.']],
  overflow: [['积压超限，最早的事件没有保留：让平台通过接口补读，再放弃本条。', 'Too many events waited, and the oldest were not kept: let the platform read by the API what it missed, then drop this.']],
};

/** What a problem means and how it is mended, in the language that is shown. */
export function problemWords(code) {
  const [what, mend] = Object.hasOwn(PROBLEMS, code) ? PROBLEMS[code] : OTHER_PROBLEM;
  return { what: said(what), mend: said(mend) };
}

/** The field of the platform that a problem comes from, as its message names it; empty when it names none. */
export function sourceOf(message) {
  return /\(from (.+)\)$/.exec(message)?.[1] ?? /, but (.+?) is absent or empty/.exec(message)?.[1] ?? '';
}

/** What to do about a letter, step by step. */
export function stepsFor({ queue, reason, code }, problems = []) {
  return stepsOf(queue, reason, code, problems).map(said);
}

function stepsOf(queue, reason, code, problems) {
  if (code.startsWith('AT_REST')) return STEPS.AT_REST;
  if (queue === 'intake') {
    if (problems.some((one) => one.pointer === '' && UNREADABLE.includes(one.code))) return STEPS.unreadable;
    return STEPS[code === 'MAPPING_FAILED' || code === 'VALIDATION_FAILED' || code === 'NOT_FOUND' ? code : 'intake'];
  }
  return STEPS[queue === 'platform' && reason === 'refused' ? 'undeliverable' : reason] ?? STEPS.intake;
}
