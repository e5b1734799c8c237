import { regionUrn, TYP } from '#proto';
import {
  issueCertificate,
  presentCertificate,
  type VerifiedCertificate,
  verifyCertificate,
} from '../../certificate/certificate.ts';
import { createDisclosure, digestOf } from '../../certificate/sd-jwt/disclosure.ts';
import { bindSdJwt } from '../../certificate/sd-jwt/key-binding.ts';
import { readSdJwt } from '../../certificate/sd-jwt/text.ts';
import { issueStampedCopy } from '../../certificate/stamped-copy.ts';
import { ISSUED_AT, nestedContent } from '../../certificate/testing/example-content.ts';
import { encodeJson, signJws } from '../../jws.ts';
import { localSigner } from '../../keys/signer.ts';
import { type SuiteName, suiteOf } from '../../suites.ts';
import { throwawayRegion } from '../throwaway-region.ts';

const ISSUER = '150626';
const DAY_MS = 86_400_000;
const NOW = ISSUED_AT + DAY_MS;
const SHOWN = ['certificate_holder_name', 'certificate_other_holders/0', 'records/1'];
const BINDING = { audience: regionUrn('320600'), nonce: 'n-0S6_WzA2Mj', maxAgeMs: 300_000 };
const STAMP = { creator: '示例政务服务中心', cause: '仅供办理贷款', expiresAt: NOW + 30 * DAY_MS };

/** A certificate with values within values, made out to a key: whole, presented, bound, copied; and what is refused. */
export async function recordNestedCertificate(suite: SuiteName): Promise<object> {
  const region = await throwawayRegion(ISSUER, { suite, now: ISSUED_AT - DAY_MS });
  const pair = suiteOf(suite).generate();
  const holder = await localSigner(suite, pair.privateKey, pair.publicKey);
  const statementOf = () => region.statement;
  const content = nestedContent({ holderKey: holder.publicJwk });
  const certificate = await issueCertificate(region.certificate, content, ISSUED_AT);
  const presentation = presentCertificate(certificate, SHOWN);
  const bound = await bindSdJwt(presentation, holder, BINDING, NOW);
  const copy = await issueStampedCopy(region.certificate, certificate, STAMP, { statementOf, now: NOW });
  const said = (text: string, binding?: typeof BINDING) =>
    recorded(verifyCertificate(text, { statementOf, now: NOW, ...(binding && { binding }) }));

  const { hashName } = suiteOf(suite);
  const { payload } = readSdJwt(certificate).issued;
  const digests = payload['_sd'] as string[];
  const signed = (changes: object, typ: string = TYP.certificate) =>
    signJws(region.certificate, typ, { ...payload, ...changes });
  const [jwt = '', first = '', ...rest] = certificate.split('~');
  const [header, , signature] = jwt.split('.');
  const another = await issueCertificate(region.certificate, content, ISSUED_AT);
  const rebound = (changes: Partial<typeof BINDING>, at = NOW) =>
    bindSdJwt(presentation, holder, { ...BINDING, ...changes }, at);
  const made = (name: string, value: unknown) => createDisclosure('c2FsdHNhbHRzYWx0c2FsdA', name, value);
  const twice = made('iss', 'urn:tongban:region:320600');
  const reserved = made('_sd', [digestOf(hashName, 'x')]);
  const [, bindingOfAnother = ''] = bound.split(/~(?=[^~]*$)/);
  return {
    description: `A certificate (SD-JWT VC, ${suite}) of region ${ISSUER} with values within values and two holders, made out to a key: whole, as a presentation of ${SHOWN.join(', ')}, the same bound to a verifier, and a stamped copy, judged at now. The bound one is judged with the demand of binding; so are those of bad that say so. Digests in base64url, times in milliseconds. Keys were thrown away.`,
    now: NOW,
    binding: BINDING,
    statement: region.jwt,
    certificate,
    presentation,
    bound,
    copy,
    expected: {
      certificate: said(certificate),
      presentation: said(presentation),
      bound: said(bound, BINDING),
      copy: said(copy),
    },
    bad: [
      bad('an altered disclosure', [jwt, `${first.slice(0, -2)}AA`, ...rest].join('~'), 'CERTIFICATE_DISCLOSURE'),
      bad('a disclosure of another certificate', `${jwt}~${another.split('~')[1]}~`, 'CERTIFICATE_DISCLOSURE'),
      bad('a disclosure twice', `${jwt}~${first}~${first}~`, 'CERTIFICATE_DISCLOSURE'),
      bad('base64url that is not canonical', `${jwt}~${first}=~`, 'CERTIFICATE_DISCLOSURE'),
      bad('an entry without the list around it', presentationWithout(certificate, 'records'), 'CERTIFICATE_DISCLOSURE'),
      bad(
        'a name that stands open already',
        `${await signed({ _sd: [...digests, digestOf(hashName, twice.encoded)] })}~${twice.encoded}~`,
        'CERTIFICATE_DISCLOSURE',
      ),
      bad(
        'a claim named _sd',
        `${await signed({ _sd: [digestOf(hashName, reserved.encoded)] })}~${reserved.encoded}~`,
        'CERTIFICATE_DISCLOSURE',
      ),
      bad('a digest twice', `${await signed({ _sd: [...digests, digests[0]] })}~`, 'CERTIFICATE_MALFORMED'),
      bad('... outside a list', `${await signed({ field_x: { '...': digests[0] } })}~`, 'CERTIFICATE_MALFORMED'),
      bad('another kind of signed object', `${await signed({}, 'JWT')}~`, 'TYP_MISMATCH'),
      bad('a vct of another type', `${await signed({ vct: `${payload['vct']}0` })}~`, 'CERTIFICATE_TYPE'),
      bad('a field that the type does not have', `${await signed({ field_colour: 'x' })}~`, 'CERTIFICATE_TYPE'),
      bad(
        'claims that were altered',
        `${header}.${encodeJson({ ...payload, certificate_number: 'X' })}.${signature}~`,
        'SIGNATURE_INVALID',
      ),
      bad('no binding', presentation, 'CERTIFICATE_BINDING_MISSING', true),
      bad('another nonce', await rebound({ nonce: 'another' }), 'CERTIFICATE_BINDING', true),
      bad('another verifier', await rebound({ audience: regionUrn('140400') }), 'CERTIFICATE_BINDING', true),
      bad('an old binding', await rebound({}, NOW - DAY_MS), 'CERTIFICATE_BINDING_STALE', true),
      bad('a binding of the future', await rebound({}, NOW + DAY_MS), 'CERTIFICATE_BINDING_STALE', true),
      bad('a binding of another presentation', certificate + bindingOfAnother, 'CERTIFICATE_BINDING', true),
    ],
  };
}

function bad(note: string, text: string, code: string, isBound = false): object {
  return { note, text, ...(isBound && { binding: true }), code };
}

/** Everything but the disclosure of one claim. */
function presentationWithout(certificate: string, field: string): string {
  const { jwt, disclosures } = readSdJwt(certificate);
  const kept = disclosures.filter(({ name }) => name !== `field_${field}`);
  return `${[jwt, ...kept.map(({ encoded }) => encoded)].join('~')}~`;
}

function recorded({ digest, ...rest }: VerifiedCertificate): object {
  return { ...rest, digest: digest.toString('base64url') };
}
