import { type ExecFileException, execFile } from 'node:child_process';
import { CodedError } from '#proto';

/** What the tool is told beside its task. */
export interface Pkcs11Access {
  /** Absolute path of the vendor's library. */
  readonly module: string;
  /** Label of the token. */
  readonly token: string;
  /** CKA_ID of the key in hex. */
  readonly id: string;
  /** Environment of the gateway: the vendor's library may look for its settings there. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Milliseconds that the token has for one answer. */
  readonly timeoutMs: number;
}

/** The command of OpenSC, found by the PATH of the environment. */
const TOOL = 'pkcs11-tool';

/** Variable of the child that holds the PIN: arguments can be read by every user of the machine, this only by ours. */
const PIN_VARIABLE = 'TONGBAN_PKCS11_PIN';

/** Bytes of an answer; a public key has 91, a signature 64. */
const MAX_ANSWER_BYTES = 16 * 1024;

/**
 * Signs a digest with ECDSA on the token (mechanism CKM_ECDSA of PKCS #11).
 *
 * @returns `r ‖ s`
 * @throws CodedError PASSPHRASE_WRONG, KEY_MISSING, SIGNER_UNAVAILABLE, SIGNER_REFUSED
 */
export function signDigest(access: Pkcs11Access, pin: string, digest: Uint8Array): Promise<Buffer> {
  const task = [
    '--login',
    '--pin',
    `env:${PIN_VARIABLE}`,
    '--sign',
    '--mechanism',
    'ECDSA',
    '--signature-format',
    'rs',
  ];
  return run(access, task, { [PIN_VARIABLE]: pin }, digest);
}

/**
 * Reads the public half of the key from the token.
 *
 * @returns SubjectPublicKeyInfo, DER
 * @throws CodedError as `signDigest`
 */
export function readPublicKey(access: Pkcs11Access): Promise<Buffer> {
  return run(access, ['--read-object', '--type', 'pubkey'], {}, Buffer.alloc(0));
}

function run(
  access: Pkcs11Access,
  task: readonly string[],
  secrets: Readonly<Record<string, string>>,
  input: Uint8Array,
): Promise<Buffer> {
  const { module, token, id, timeoutMs } = access;
  const args = ['--module', module, '--token-label', token, '--id', id, ...task];
  const limits = { timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: MAX_ANSWER_BYTES } as const;
  const env = { ...withoutOurs(access.environment), ...secrets };
  return new Promise((resolve, reject) => {
    const child = execFile(TOOL, args, { ...limits, env, encoding: 'buffer' }, (error, stdout, stderr) => {
      if (error) reject(failure(error, stderr.toString('latin1'), access));
      else resolve(stdout);
    });
    // A tool that ends without reading is judged by how it ends.
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}

/** The library of a vendor has no business with the passphrase of the key folder. */
function withoutOurs(environment: Pkcs11Access['environment']): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('TONGBAN_')));
}

/** What the words of the tool mean. They are not passed on, apart from the return value of the library (CKR_…). */
function failure(error: ExecFileException, words: string, { module, token, id, timeoutMs }: Pkcs11Access): CodedError {
  if (error.code === 'ENOENT')
    return new CodedError(
      'KEY_MISSING',
      `the command ${TOOL} is not here; install OpenSC (Debian: apt install opensc)`,
    );
  if (error.killed)
    return new CodedError('SIGNER_UNAVAILABLE', `the token ${token} did not answer within ${timeoutMs} ms`);
  if (/failed to load pkcs11 module/i.test(words))
    return new CodedError('KEY_MISSING', `the library ${module} cannot be loaded; check the path of the module`);
  if (/no slot with (a )?token/i.test(words))
    return new CodedError('KEY_MISSING', `there is no token ${token}; insert it, or check its label`);
  const [returned = 'no reason given'] = /CKR_\w+/.exec(words) ?? [];
  if (/CKR_PIN_/.test(returned))
    return new CodedError('PASSPHRASE_WRONG', `the token ${token} refuses the PIN (${returned})`);
  if (/CKR_(DEVICE|TOKEN|SESSION|HOST|CRYPTOKI|FUNCTION_FAILED|GENERAL)/.test(returned))
    return new CodedError('SIGNER_UNAVAILABLE', `the token ${token} failed (${returned})`);
  if (/not found/i.test(words)) return new CodedError('KEY_MISSING', `the token ${token} has no key with the id ${id}`);
  return new CodedError('SIGNER_REFUSED', `the token ${token} does not sign with the key ${id} (${returned})`);
}
