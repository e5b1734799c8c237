/** A text message to somebody who applied (短信通知). Holds personal data. */
export interface SmsRequest {
  /** Idempotency key: the same for the same message, also after a restart. */
  readonly id: string;
  readonly mobile: string;
  /** Code that the platform gave to a text it approved (短信模板); there is no free text. */
  readonly template: string;
  /** What is put into the template, by name: numbers and days, nothing about the person. */
  readonly parameters: Readonly<Record<string, string>>;
}

/**
 * Port to the platform for text messages (短信平台, A11) of the own region.
 *
 * The caller sends only to numbers that applicants left with their case, in order, one at a time, and tries again. In
 * return an implementation
 * - resolves only when the platform took the message;
 * - gives the platform the id, so that a repetition is no second message;
 * - gives up within a time of its own, and soon after `signal` aborts;
 * - logs nothing of a message.
 */
export interface SmsSender {
  /** @throws PlatformError, and nothing else */
  send(request: SmsRequest, signal: AbortSignal): Promise<void>;
}
