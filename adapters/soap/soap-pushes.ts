import { ERROR_CODES, type Problem } from '#proto';
import type { AdapterContext, PushedAnswer, SubmissionOutcome } from '../adapter.ts';
import { hookSecretProblems, type PushedRequest, type PushProof, verifyPush } from '../http/hook/hook-proof.ts';
import type { PushWords } from '../http/hook/push-source.ts';
import type { PushedDocument } from '../http/hook/pushed-document.ts';
import { fill } from '../http/poll/acknowledge.ts';
import { unreadable } from '../unreadable.ts';
import { NoXml } from '../xml/write-xml.ts';
import { openEnvelope, type SoapVersion, writeEnvelope, writeFault } from './envelope.ts';
import { soapAuthProblems } from './soap-auth.ts';
import type { SoapConfig } from './soap-config.ts';
import type { SoapHookConfig } from './soap-hook-config.ts';
import { UsernameTokens } from './username-token.ts';

const MEDIA_TYPES: Readonly<Record<string, SoapVersion>> = { 'text/xml': '1.1', 'application/soap+xml': '1.2' };
const BODY: Readonly<Record<string, unknown>> = { conversation: '{conversation}', caseNumber: '{caseNumber}' };
const MAX_PROBLEMS = 100;
/** Seconds after which it is worth coming again. */
const RETRY_SECONDS = '5';

/**
 * Messages that a platform sends to us in SOAP 1.1 or 1.2, as their media type says. The document of a record is the body of
 * its message; the answer is a message too, and a refusal is a fault.
 */
export class SoapPushes implements PushWords {
  readonly #config: SoapConfig;
  readonly #hook: SoapHookConfig;
  readonly #namespace: string;
  readonly #context: AdapterContext;
  readonly #tokens: UsernameTokens | undefined;
  /** Name of the element in the body of what was read. */
  readonly #elements = new WeakMap<PushedRequest, string>();

  /** @param namespace of answers, where the settings of the hook say none */
  constructor(config: SoapConfig, hook: SoapHookConfig, namespace: string, context: AdapterContext) {
    this.#config = config;
    this.#hook = hook;
    this.#namespace = hook.answer?.namespace ?? namespace;
    this.#context = context;
    const now = () => context.now();
    this.#tokens = hook.auth.type === 'username-token' ? new UsernameTokens(hook.auth, now) : undefined;
  }

  /** What is wrong with the settings on this machine. */
  async problems(pointer: string): Promise<Problem[]> {
    const { auth } = this.#hook;
    const at = `${pointer}/auth`;
    const problems =
      auth.type === 'username-token' ? await soapAuthProblems(auth, at) : await hookSecretProblems(auth, at);
    if (this.#namespace === '')
      problems.push({ pointer: `${pointer}/answer/namespace`, code: 'REQUIRED', message: 'is required' });
    try {
      this.#taken('1.1', 'message', { ok: true, conversation: '', caseNumber: '' });
    } catch (error) {
      if (!(error instanceof NoXml)) throw error;
      problems.push({ pointer: `${pointer}/answer`, code: 'FORMAT', message: error.message });
    }
    return problems;
  }

  async prove(request: PushedRequest): Promise<PushProof> {
    const { auth } = this.#hook;
    if (auth.type !== 'username-token') return verifyPush(auth, request, this.#context);
    const { version = '1.1', charset } = kindOf(request);
    return this.#tokens!.verify(version, request, charset);
  }

  read(request: PushedRequest): PushedDocument {
    const { lists = [], prefixes = {} } = this.#config;
    const { version, charset } = kindOf(request);
    if (!version) throw unreadable('MEDIA_TYPE', 'must be text/xml or application/soap+xml');
    const { body } = openEnvelope(request.body, { version, prefixes, lists }, charset);
    const [element, ...more] = typeof body === 'object' && body !== null ? Object.keys(body) : [];
    if (element === undefined || more.length > 0)
      throw unreadable('ENVELOPE', `is no envelope of SOAP ${version} with one element in its body`);
    this.#elements.set(request, element);
    return { document: body };
  }

  answer(request: PushedRequest, outcome: SubmissionOutcome): PushedAnswer {
    const { version = '1.1' } = kindOf(request);
    const headers = { 'content-type': `${version === '1.1' ? 'text/xml' : 'application/soap+xml'}; charset=utf-8` };
    if (outcome.ok) {
      const element = this.#elements.get(request) ?? 'message';
      return { status: 200, headers, body: this.#taken(version, element, outcome) };
    }
    const body = refused(version, outcome);
    if (ERROR_CODES[outcome.code].retryable)
      return { status: 503, headers: { ...headers, 'retry-after': RETRY_SECONDS }, body };
    // SOAP 1.1 section 6.2; SOAP 1.2 part 2, table 20.
    return { status: version === '1.1' ? 500 : 400, headers, body };
  }

  #taken(version: SoapVersion, element: string, outcome: Extract<SubmissionOutcome, { ok: true }>): Buffer {
    const { answer = {} } = this.#hook;
    const { qualified = false } = this.#config;
    const local = element.slice(element.indexOf(':') + 1);
    const message = { element: answer.element ?? `${local}Response`, namespace: this.#namespace };
    return writeEnvelope(version, { ...message, qualified }, fill(answer.body ?? BODY, {}, outcome, 'accepted'), '');
  }
}

/** Names what is wrong and where, as the JSON of other platforms does. */
function refused(version: SoapVersion, outcome: Extract<SubmissionOutcome, { ok: false }>): Buffer {
  const { code, message, problems } = outcome;
  const { zh, retryable } = ERROR_CODES[code];
  const problem = problems.slice(0, MAX_PROBLEMS).map((one) => ({ ...one }));
  const detail = { refusal: { '@xmlns': 'urn:tongban:refusal', code, message, problem } };
  return writeFault(version, { isSender: !retryable, reason: zh, detail });
}

function kindOf({ headers }: PushedRequest): { version: SoapVersion | undefined; charset: string | undefined } {
  const given = headers['content-type'];
  const type = typeof given === 'string' ? given : '';
  return {
    version: MEDIA_TYPES[type.split(';')[0]!.trim().toLowerCase()],
    charset: /;\s*charset="?([^\s";]+)/i.exec(type)?.[1],
  };
}
