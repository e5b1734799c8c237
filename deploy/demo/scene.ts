import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DemoRegion, initialise, start, stop } from './region.ts';

/** Item of the demo (食品经营许可), handled by the handling region. */
export const ITEM = 'EX018';
/** Item for which the receiving region also holds R1b. */
export const ITEM_R1B = 'EX017';
/** Item that no authorization covers. */
export const ITEM_OUTSIDE = 'EX019';

/** Synthetic social credit codes with right check characters; they belong to nobody. */
export const DEPARTMENT = { name: '乌审旗市场监督管理局', code: '11150626MB00000014' };
export const APPLICANT = {
  kind: 'legal-person',
  name: '测试食品有限公司',
  documentType: 'social-credit-code',
  documentNumber: '92320600MA00000038',
  mobile: '13800000000',
  address: '江苏省南通市测试路1号',
};
export const WINDOW = { organisation: '南通市政务服务中心', window: '跨域通办窗口', staff: 'NT001' };
export const OFFICE = { organisation: DEPARTMENT.name, window: '', staff: 'WS007' };

/** Everything that the demo sets up and finds out on its way. */
export interface Scene {
  readonly dir: string;
  readonly nantong: DemoRegion;
  readonly uxin: DemoRegion;
  readonly quanzhou: DemoRegion;
  authorization: string;
  /** Key id that signed until it was rotated. */
  oldKey: string;
  conversation: string;
  caseNumber: string;
  certificate: { identifier: string; status: string };
  readonly certificateFile: string;
  readonly evidenceFile: string;
  evidenceVerified: boolean;
  readonly refused: { what: string; code: string }[];
  envelopes: number;
  receipts: number;
}

/** Makes the folder of the demo. Every run has its own, so that nothing stands in the way of the next. */
export async function openScene(): Promise<Scene> {
  const dir = await mkdtemp(join(tmpdir(), 'tongban-demo-'));
  const passphraseFile = join(dir, 'passphrase');
  await writeFile(passphraseFile, 'demo passphrase, not for production\n', { mode: 0o600 });
  const region = (code: string, name: string, folder: string, suite = 'ES256'): DemoRegion => ({
    code,
    name,
    suite,
    dir: join(dir, folder),
    passphraseFile,
  });
  return {
    dir,
    nantong: region('320600', '南通市', 'nantong'),
    uxin: region('150626', '乌审旗', 'uxin', 'SM2-SM3'),
    quanzhou: region('350500', '泉州市', 'quanzhou'),
    authorization: '',
    oldKey: '',
    conversation: '',
    caseNumber: '',
    certificate: { identifier: '', status: '' },
    certificateFile: join(dir, 'certificate.sd-jwt'),
    evidenceFile: join(dir, 'evidence.json'),
    evidenceVerified: false,
    refused: [],
    envelopes: 0,
    receipts: 0,
  };
}

/** Three regions make their keys; the two of the case start their gateways. */
export async function openRegions(scene: Scene, keep: boolean): Promise<void> {
  await Promise.all([scene.nantong, scene.uxin, scene.quanzhou].map(initialise));
  await Promise.all([start(scene.nantong, keep), start(scene.uxin, keep)]);
}

/** Stops what runs. */
export async function closeScene(scene: Scene): Promise<void> {
  await Promise.all([stop(scene.nantong), stop(scene.uxin)]);
}
