import { fields, oneOf, optional, type Rule, text } from '#proto';

/** Where a private key is kept (密钥保管), as `keys.json` says it for each key. Closed: there are no other kinds. */
export type KeyCustody = FileCustody | Pkcs12Custody | Pkcs11Custody | RemoteCustody;

/** The encrypted file that the key folder itself holds. */
export interface FileCustody {
  readonly kind: 'file';
}

/** A container (PKCS#12, RFC 7292) from a region's own certificate authority. Paths start from the key folder. */
export interface Pkcs12Custody {
  readonly kind: 'pkcs12';
  readonly file: string;
  /** File with the passphrase of the container, if it is another than that of the key folder. */
  readonly passphraseFile?: string;
  /** Which key, where the container holds several. */
  readonly friendlyName?: string;
  /** Which key, where the container holds several: hex. */
  readonly localKeyId?: string;
}

/** A key in a card or a hardware security module, used through the command `pkcs11-tool` of OpenSC. */
export interface Pkcs11Custody {
  readonly kind: 'pkcs11';
  /** Absolute path of the vendor's library. */
  readonly module: string;
  /** Label of the token. */
  readonly token: string;
  /** CKA_ID of the key in hex. The label would not do: `pkcs11-tool` does not look at it when it signs. */
  readonly id: string;
  /** File with the PIN. Path from the key folder. */
  readonly pinFile: string;
}

/** A key in a signature server (签名验签服务器). */
export interface RemoteCustody {
  readonly kind: 'remote';
  /** Name that the configuration gives to the server. */
  readonly signer: string;
  /** Name that the server gives to the key. */
  readonly key: string;
}

const path = text(4096);
const hexBytes = text(256, { pattern: /^([0-9a-f]{2})+$/, hint: 'must be bytes in lower-case hex' });

const RULES: Readonly<Record<KeyCustody['kind'], Rule>> = {
  file: fields({ kind: oneOf('file') }),
  pkcs12: fields({
    kind: oneOf('pkcs12'),
    file: path,
    passphraseFile: optional(path),
    friendlyName: optional(text(256)),
    localKeyId: optional(hexBytes),
  }),
  pkcs11: fields({
    kind: oneOf('pkcs11'),
    module: text(4096, { pattern: /^\//, hint: 'must be an absolute path' }),
    token: text(32, { pattern: /^[^-]/, hint: 'must not begin with a hyphen' }),
    id: hexBytes,
    pinFile: path,
  }),
  remote: fields({
    kind: oneOf('remote'),
    signer: text(50, { pattern: /^[a-z][a-z0-9-]*$/, hint: 'must be lower-case letters, digits and hyphens' }),
    key: text(128, { pattern: /^[\w.-]+$/, hint: 'must be letters, digits, dots, hyphens and underscores' }),
  }),
};

/** What the member `custody` of a key must be: one of the four kinds with its own members and no others. */
export const custodyRule: Rule = (value, pointer, problems) => {
  const kind = Object(value).kind;
  const rule = Object.hasOwn(RULES, kind) ? RULES[kind as KeyCustody['kind']] : undefined;
  if (rule) rule(value, pointer, problems);
  else oneOf(...Object.keys(RULES))(kind, `${pointer}/kind`, problems);
};
