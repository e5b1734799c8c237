import { type VendorAnswer, type VendorCall, VendorPlatform } from '../testing/vendor-platform.ts';

/** A certificate as the library keeps it (入库证照). */
export interface KeptLicense {
  readonly origin: unknown;
  readonly license: Readonly<Record<string, unknown>>;
  readonly credential: unknown;
  /** Every status in order. */
  readonly states: unknown[];
}

const NAMES = ['x-app-id', 'x-timestamp', 'x-nonce', 'x-signature'] as const;
const DONE = { body: { ack_code: 'SUCCESS', errors: [] } };

/** A certificate library (电子证照库): takes certificates and changes of their status, each serial number once. */
export class CertificateLibrary extends VendorPlatform {
  readonly licenses = new Map<string, KeptLicense>();
  /** How many requests from now on it is too busy for. */
  busy = 0;
  readonly #serials = new Set<unknown>();

  protected answer(call: VendorCall): VendorAnswer {
    const header = (name: string) => call.headers[name] as string | undefined;
    if (!this.isSigned(call, header, { names: NAMES, digest: 'hmac-sm3' }))
      return refusal('AUTH_FAILED', '签名校验失败');
    if (this.busy > 0) {
      this.busy -= 1;
      return { body: { ack_code: 'BUSY', errors: [{ code: 'SYS_BUSY', message: '系统繁忙' }] } };
    }
    if (this.#serials.has(call.body['serial_no'])) return DONE;
    const answer = call.path.endsWith('/status') ? this.#change(call) : this.#gather(call);
    if (answer === DONE) this.#serials.add(call.body['serial_no']);
    return answer;
  }

  #gather({ body }: VendorCall): VendorAnswer {
    const { origin, credential } = body;
    const license = body['license'] as KeptLicense['license'];
    const id = String(license['license_identifier']);
    if (this.licenses.has(id)) return refusal('LIC_EXISTS', '证照已入库');
    this.licenses.set(id, { origin, license, credential, states: [license['license_status']] });
    return DONE;
  }

  #change({ path, body }: VendorCall): VendorAnswer {
    const found = this.licenses.get(decodeURIComponent(path.split('/').at(-2)!));
    if (!found) return refusal('LIC_NOT_FOUND', '证照不存在');
    found.states.push(body['license_status']);
    return DONE;
  }
}

function refusal(code: string, message: string): VendorAnswer {
  return { body: { ack_code: 'FAIL', errors: [{ code, message }] } };
}
