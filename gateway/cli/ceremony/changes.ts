import { fingerprintOf, type RegionStatement, type StatementKey } from '#trust';
import type { Words } from '../../standing/runbooks.ts';
import { chinaTime } from '../format.ts';
import { KEY_NAMES, shortKid } from '../keys/words.ts';

/** What the next statement of a region changes against the current one, one line each, in words. */
export function changesBetween(current: RegionStatement, next: RegionStatement): Words[] {
  return [
    ...valueChanges(current, next),
    ...next.keys.flatMap((key) =>
      keyChanges(
        current.keys.find(({ kid }) => kid === key.kid),
        key,
      ),
    ),
    ...current.keys.filter(({ kid }) => next.keys.every((key) => key.kid !== kid)).map(forgotten),
    ...tlsChanges(current, next),
  ];
}

/** The identity key in words, where the next statement is signed by another one. */
export function identityChange(current: RegionStatement, identity: string): Words[] {
  if (identity === current.identity) return [];
  const [from, to] = [fingerprintOf(current.identity), fingerprintOf(identity)];
  return [
    {
      zh: `更换身份密钥:所有对端必须重新登记!原指纹 ${from},新指纹 ${to}`,
      en: `ANOTHER IDENTITY KEY: every peer must pin this region again. Before ${from}, now ${to}`,
    },
  ];
}

function valueChanges(current: RegionStatement, next: RegionStatement): Words[] {
  const validity = `${chinaTime(next.issuedAt)} – ${chinaTime(next.expiresAt)}`;
  const values = [
    ['名称', 'name', current.name, next.name],
    ['对端地址', 'endpoint', current.endpoint, next.endpoint],
    ['联系方式', 'contacts', current.contacts.join(', '), next.contacts.join(', ')],
  ] as const;
  return [
    { zh: `序号 ${current.serial} → ${next.serial}`, en: `serial ${current.serial} → ${next.serial}` },
    { zh: `有效期 ${validity}(原至 ${chinaTime(current.expiresAt)})`, en: `valid ${validity}` },
    ...values
      .filter(([, , before, after]) => before !== after)
      .map(([zh, en, before, after]) => ({
        zh: `${zh}由“${before}”改为“${after}”`,
        en: `${en} changes from "${before}" to "${after}"`,
      })),
  ];
}

function keyChanges(before: StatementKey | undefined, key: StatementKey): Words[] {
  const { zh, en } = named(key);
  const [from, until] = [chinaTime(key.notBefore), chinaTime(key.notAfter)];
  if (!before) {
    const revoked = key.revokedAt === undefined ? [] : [revocation(key, key.revokedAt)];
    return [{ zh: `增加${zh},${from} 至 ${until}`, en: `adds the ${en}, ${from} to ${until}` }, ...revoked];
  }
  const changes: Words[] = [];
  if (before.notAfter !== key.notAfter)
    changes.push({
      zh: `${zh}改为 ${until} 止(原 ${chinaTime(before.notAfter)})`,
      en: `the ${en} ends ${until} (before: ${chinaTime(before.notAfter)})`,
    });
  if (before.notBefore !== key.notBefore)
    changes.push({
      zh: `${zh}改为 ${from} 起`,
      en: `the ${en} begins ${from} (before: ${chinaTime(before.notBefore)})`,
    });
  if (before.revokedAt !== key.revokedAt) changes.push(revocation(key, key.revokedAt));
  return changes;
}

function revocation(key: StatementKey, at: number | undefined): Words {
  const { zh, en } = named(key);
  if (at === undefined) return { zh: `撤回对${zh}的吊销!`, en: `TAKES BACK the revocation of the ${en}` };
  return { zh: `吊销${zh},自 ${chinaTime(at)} 起`, en: `REVOKES the ${en} since ${chinaTime(at)}` };
}

function forgotten(key: StatementKey): Words {
  const { zh, en } = named(key);
  return { zh: `不再列出${zh}!旧证据将无法核验`, en: `FORGETS the ${en}: old evidence cannot be verified any more` };
}

function tlsChanges(current: RegionStatement, next: RegionStatement): Words[] {
  const [before, after] = [current, next].map(({ tls }) => new Map(tls.map((one) => [one.spki, one.certificate])));
  const added = [...after!].filter(([spki]) => !before!.has(spki));
  const gone = [...before!.keys()].filter((spki) => !after!.has(spki));
  return [
    ...added.map(([spki, { validToDate }]) => ({
      zh: `增加 TLS 证书 ${spki.slice(0, 16)},至 ${chinaTime(validToDate.getTime())}`,
      en: `adds the TLS certificate ${spki.slice(0, 16)}, until ${chinaTime(validToDate.getTime())}`,
    })),
    ...gone.map((spki) => ({
      zh: `去掉 TLS 证书 ${spki.slice(0, 16)}`,
      en: `takes out the TLS certificate ${spki.slice(0, 16)}`,
    })),
  ];
}

function named({ kid, purpose }: StatementKey): Words {
  const { zh, en } = KEY_NAMES[purpose];
  return { zh: `${zh} ${shortKid(kid)}`, en: `${en} ${shortKid(kid)}` };
}
