import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '#trust';
import { CertificateLibrary } from '../../../adapters/examples/a03-certificate-library/simulator.ts';
import { SealPlatform } from '../../../adapters/examples/a04-e-seal/simulator.ts';
import { type EstateRow, SharingPlatform } from '../../../adapters/examples/a05-data-sharing/simulator.ts';
import { RatingPlatform } from '../../../adapters/examples/a07-rating/simulator.ts';
import { Hotline } from '../../../adapters/examples/a08-hotline/simulator.ts';
import { SupervisionPlatform } from '../../../adapters/examples/a09-supervision/simulator.ts';
import { PostOffice } from '../../../adapters/examples/a10-ems/simulator.ts';
import { SmsPlatform } from '../../../adapters/examples/a11-sms/simulator.ts';
import { FileCabinet } from '../../../adapters/examples/a12-locker/simulator.ts';
import { CreditPlatform, type CreditRow } from '../../../adapters/examples/a13-credit/simulator.ts';
import { testSigner } from '../../../trust/testing/index.ts';
import { setSealOn } from '../../../trust/testing/reference-seal/set-seal.ts';
import { pinEachOther } from '../../testing/live-region.ts';
import { type ExampleRegion, exampleRecords, exampleSections, openExampleRegion } from './example-region.ts';

const SECRET = Buffer.alloc(32, 5).toString('base64');

/** Code of the only seal that the seal service has. */
export const SEAL_CODE = '1506260000017';

/** Simulators at the region that takes cases in. */
interface PlatformsHere {
  readonly library: CertificateLibrary;
  readonly rating: RatingPlatform;
  readonly supervision: SupervisionPlatform;
  readonly post: PostOffice;
  readonly sms: SmsPlatform;
  readonly cabinet: FileCabinet;
}

/** Simulators at the region that decides. */
interface PlatformsThere {
  readonly library: CertificateLibrary;
  readonly seals: SealPlatform;
  readonly sharing: SharingPlatform;
  readonly credit: CreditPlatform;
}

/** Two regions that pinned each other, with every platform around them that is no window and no department. */
export interface ServicePlatforms {
  readonly nantong: ExampleRegion;
  readonly uxin: ExampleRegion;
  readonly here: PlatformsHere;
  readonly there: PlatformsThere;
  readonly hotline: Hotline;
  close(): Promise<void>;
}

/** Opens both regions as the pages of the examples say. Must be closed. */
export async function openServicePlatforms(clock: Clock): Promise<ServicePlatforms> {
  const vendor = { secret: SECRET, now: () => clock.now() };
  let gateway = '';
  const here: PlatformsHere = {
    library: await new CertificateLibrary(vendor).listen(),
    rating: await new RatingPlatform(vendor).listen(),
    supervision: await new SupervisionPlatform({ ...vendor, gateway: () => gateway }).listen(),
    post: await new PostOffice(vendor).listen(),
    sms: await new SmsPlatform(vendor).listen(),
    cabinet: await new FileCabinet(vendor).listen(),
  };
  const seal = { signer: testSigner('测试印章', { kind: 'sm2' }), maker: testSigner('测试制章系统') };
  const devices = { [SEAL_CODE]: (pdf: Buffer) => setSealOn(pdf, seal) };
  const estates = await exampleRecords<EstateRow>('a05-data-sharing', 'rows.json');
  const credits = await exampleRecords<CreditRow>('a13-credit', 'rows.json');
  const there: PlatformsThere = {
    library: await new CertificateLibrary(vendor).listen(),
    seals: await new SealPlatform({ ...vendor, devices }).listen(),
    sharing: await new SharingPlatform({ ...vendor, rows: estates }).listen(),
    credit: await new CreditPlatform({ ...vendor, rows: credits }).listen(),
  };
  const urlsHere = {
    'a03-certificate-library': here.library.url,
    'a07-rating': here.rating.url,
    'a08-hotline': '',
    'a09-supervision': here.supervision.url,
    'a10-ems': here.post.url,
    'a11-sms': here.sms.url,
    'a12-locker': here.cabinet.url,
  };
  const urlsThere = {
    'a03-certificate-library': there.library.url,
    'a04-e-seal': there.seals.url,
    'a05-data-sharing': there.sharing.url,
    'a13-credit': there.credit.url,
  };
  const nantong = await openExampleRegion('320600', (folder) => exampleSections(folder, SECRET, urlsHere), clock);
  const configureThere = async (folder: string) => {
    await writeFile(join(folder, 'seal-market.pem'), seal.signer.pem + seal.maker.pem);
    return exampleSections(folder, SECRET, urlsThere);
  };
  const uxin = await openExampleRegion('150626', configureThere, clock);
  gateway = nantong.url;
  await pinEachOther(nantong.live, uxin.live);
  return {
    ...{ nantong, uxin, here, there, hotline: new Hotline({ secret: SECRET, url: nantong.url }) },
    async close() {
      await Promise.all([nantong, uxin].map((region) => region.close()));
      await Promise.all([...Object.values(here), ...Object.values(there)].map((platform) => platform.close()));
    },
  };
}
