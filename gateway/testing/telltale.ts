import { payloadSamples } from '../../proto/testing/payload-samples.ts';
import { APPLICANT, BACK_OFFICE, CODES, WINDOW } from './agency-case.ts';
import { TEST_PASSPHRASE } from './live-region.ts';

/** Members of samples that say who somebody is, or how he is reached. */
const PERSONAL = /^(name|holder|holderName|contact|phone|mobile|telephone|address|documentNumber|number|staff|person)$/;

/** What must stand in no log: who it is that synthetic cases are about, and what opens the keys of test regions. */
export function telltales(): readonly string[] {
  const found = new Set<string>([TEST_PASSPHRASE, CODES.applicant, WINDOW.staff, BACK_OFFICE.staff]);
  collect(APPLICANT, found);
  collect(payloadSamples, found);
  return [...found];
}

/** Of any person or secret, whoever made it up. */
export const SHAPES: Readonly<Record<string, RegExp>> = {
  'a citizen number': /(?<![0-9A-Za-z])\d{17}[\dXx](?![0-9A-Za-z])/,
  'a mobile number': /(?<![0-9A-Za-z])1[3-9]\d{9}(?![0-9A-Za-z])/,
  'a token': /eyJ[\w-]{10,}\.[\w-]{10,}/,
  'a private key': /PRIVATE KEY|"d":"[\w-]{20,}"/,
  'a shared secret': /whsec_|[Bb]earer [\w.-]{16,}/,
  'a session': /tbs_[\w-]{20,}/,
  'a second factor': /otpauth:|secret=[A-Z2-7]{16,}/,
};

function collect(value: unknown, found: Set<string>, name = ''): void {
  if (typeof value === 'string') {
    // Words of the wire are nobody's.
    if (PERSONAL.test(name) && !/^[a-z_]*$/.test(value)) found.add(value);
  } else if (typeof value === 'object' && value !== null && !Buffer.isBuffer(value))
    for (const [member, inner] of Object.entries(value)) collect(inner, found, Array.isArray(value) ? name : member);
}
