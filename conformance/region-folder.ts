import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CodedError } from '#proto';
import {
  openFileKeyStore,
  type RegionStatement,
  type Signer,
  type TlsIdentity,
  type VerifiedAgreement,
  verifyAgreement,
  verifyStatement,
} from '#trust';

/** The region in whose name the runner acts. */
export interface ActingRegion {
  readonly statement: RegionStatement;
  readonly signing: Signer;
  /** The key of its evidence log: good for nothing but checkpoints. */
  readonly log: Signer;
  readonly tls: TlsIdentity;
  /** Agreements with the target that both signed, as the gateway wrote them down. */
  readonly agreements: readonly VerifiedAgreement[];
}

/**
 * Opens the folder of a gateway (`tongban init`): its keys, its statement and the agreements it wrote down. The
 * gateway's database is never touched, so that the gateway may be running.
 *
 * @throws CodedError CONFIG_INVALID, KEY_MISSING, PASSPHRASE_WRONG, STATEMENT_INVALID
 */
export async function openRegionFolder(
  folder: string,
  passphrase: string,
  target: RegionStatement,
): Promise<ActingRegion> {
  const statement = await readStatement(join(folder, 'statement.jwt'));
  if (statement.region === target.region)
    throw new CodedError('CONFIG_INVALID', 'the target is the region itself; give the statement of another region');
  const keys = await openFileKeyStore(join(folder, 'keys'), passphrase);
  return {
    statement,
    signing: await keys.signer('signing'),
    log: await keys.signer('log'),
    tls: await keys.tls(),
    agreements: await readAgreements(join(folder, 'authorizations'), statement, target),
  };
}

/** Reads a region statement. @throws CodedError CONFIG_INVALID, STATEMENT_INVALID and JWS codes */
export async function readStatement(file: string): Promise<RegionStatement> {
  return verifyStatement((await readText(file)).trim());
}

async function readAgreements(
  folder: string,
  own: RegionStatement,
  target: RegionStatement,
): Promise<VerifiedAgreement[]> {
  const names = await readdir(folder).catch(() => []);
  const documents = await Promise.all(
    names.filter((name) => name.endsWith('.json')).map((name) => readText(join(folder, name))),
  );
  return documents.flatMap((document) => agreementWith(document, own, target) ?? []);
}

/** Documents with other regions are none of the runner's business. */
function agreementWith(document: string, own: RegionStatement, target: RegionStatement): VerifiedAgreement | undefined {
  try {
    const statementOf = (region: string) => [own, target].find((statement) => statement.region === region);
    return verifyAgreement(document, statementOf, { signatures: 'complete' });
  } catch (error) {
    if (error instanceof CodedError) return undefined;
    throw error;
  }
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new CodedError('CONFIG_INVALID', `${file} cannot be read`, [], { cause });
  }
}
