import { PlatformError, type SubmissionOutcome } from '../adapter.ts';
import { valueAt } from '../http/json.ts';
import { fill } from '../http/poll/acknowledge.ts';
import type { SuccessConfig } from '../http/poll/poll-config.ts';
import type { RecordList } from '../http/poll/poll-source.ts';
import type { SoapClient } from './soap-client.ts';
import type { SoapPollConfig } from './soap-config.ts';

const MAX_RECORDS = 10_000;

/** Records of a service that answers with what is new when one of its operations is called. */
export class SoapList implements RecordList {
  readonly #config: SoapPollConfig;
  readonly #client: SoapClient;

  constructor(config: SoapPollConfig, client: SoapClient) {
    this.#config = config;
    this.#client = client;
  }

  async page(place: string | undefined, signal: AbortSignal) {
    const { operation, body = {}, pages, records, success } = this.#config;
    const parameter = pages && place !== undefined ? { [pages.name]: place } : {};
    const answer = await this.#client.call('poll', operation, { ...body, ...parameter }, signal);
    this.#demand(success, answer, 'list');
    const found = valueAt(answer, records);
    // XML has no lists: one record stands alone, and of none there may be nothing, or an empty element.
    const list = Array.isArray(found) ? found : typeof found === 'object' && found !== null ? [found] : [];
    if (list.length > MAX_RECORDS)
      throw new PlatformError(true, `the list has more than ${MAX_RECORDS} records; ask for smaller pages`);
    return { answer, records: list };
  }

  async acknowledge(key: string, record: unknown, outcome: SubmissionOutcome, signal: AbortSignal): Promise<void> {
    const { operation, body, accepted = 'accepted', refused = 'refused', success } = this.#config.ack!;
    const filled = fill(body, record, outcome, outcome.ok ? accepted : refused);
    this.#demand(success, await this.#client.call(key, operation, filled, signal), 'acknowledgement');
  }

  #demand(success: SuccessConfig | undefined, answer: unknown, what: string): void {
    if (!success) return;
    const said = valueAt(answer, success.at);
    if (success.is.some((one) => String(one) === String(said))) return;
    throw new PlatformError(true, `the platform at ${this.#client.host} answers the ${what} with a failure of its own`);
  }
}
