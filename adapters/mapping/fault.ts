/** Why a value cannot be had (取值失败). Its message says what to do and never holds the value. */
export class MappingFault extends Error {
  /** Code of the problem that it becomes, such as `UNKNOWN_CODE`. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'MappingFault';
    this.code = code;
  }
}

/** A record or event whose expressions do not end in time. */
export class MappingTimeout extends MappingFault {
  constructor(message: string) {
    super('TIME', message);
  }
}
