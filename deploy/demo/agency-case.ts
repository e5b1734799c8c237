import { writeFile } from 'node:fs/promises';
import { makePdf, makePng } from './files.ts';
import { call, type DemoRegion, until, upload } from './region.ts';
import { APPLICANT, DEPARTMENT, ITEM, OFFICE, type Scene, WINDOW } from './scene.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

interface CaseView {
  readonly conversation: string;
  readonly number: string;
  readonly state: string;
  readonly pending: string | null;
  readonly certificate?: string;
  readonly limits: readonly { readonly name: string; readonly state: string }[];
}

/** P1 to P4: the window takes the case in, with real files, and compares the original. */
export async function takeIn(scene: Scene): Promise<void> {
  const { nantong, uxin } = scene;
  const opened = await call<CaseView>(nantong, 'POST', '/v1/cases', {
    handlingRegion: uxin.code,
    item: ITEM,
    mode: 'agency',
    applicant: APPLICANT,
    form: { 经营项目: '预包装食品销售', 经营场所: '江苏省南通市测试路1号' },
    identityCheck: { matched: true, checkedAt: Date.now(), device: '人证核验终端' },
    handler: WINDOW,
  });
  scene.conversation = opened.conversation;
  scene.caseNumber = opened.number;
  const files = [
    { name: '营业执照', mediaType: 'image/png', grade: 'C', bytes: makePng(640, 400, false) },
    {
      name: '食品经营许可申请书',
      mediaType: 'application/pdf',
      grade: 'D',
      bytes: makePdf('Application for a food licence'),
    },
    // More than 5 MiB: a scanned plan.
    { name: '设备布局扫描件', mediaType: 'image/png', grade: 'D', bytes: makePng(1500, 1250, true) },
  ];
  for (const file of files) {
    const { digest } = await upload(nantong, opened.conversation, file);
    if (file.name === '营业执照') {
      await call(nantong, 'POST', `/v1/cases/${opened.conversation}/materials/${digest}/check`, { handler: WINDOW });
    }
  }
  await act(scene, nantong, 'receive', { handler: WINDOW }, 'received');
}

/** P4: the case and its files go to the handling region. */
export function transfer(scene: Scene): Promise<void> {
  return act(scene, scene.nantong, 'transfer', { handler: WINDOW }, 'transferred');
}

/** P6: everything that is missing is named once; the clock stops until it is there. */
export async function supplement(scene: Scene): Promise<void> {
  const { nantong, uxin, conversation } = scene;
  const items = [{ material: '平面布局图', reason: '未提交', legalBasis: '《食品经营许可和备案管理办法》' }];
  const request = { handler: OFFICE, items, deadline: Date.now() + 5 * DAY_MS, way: '由收件窗口补充上传' };
  await act(scene, uxin, 'request-supplement', request, 'supplementing');
  const { limits } = await caseAt(uxin, conversation);
  const clock = limits.find(({ name }) => name === 'acceptance')?.state;
  if (clock !== 'stopped') throw new Error(`the clock should stand still, it is ${clock}`);
  await upload(nantong, conversation, {
    name: '平面布局图',
    mediaType: 'application/pdf',
    grade: 'D',
    bytes: makePdf('Floor plan'),
  });
  await act(scene, nantong, 'submit-supplement', { handler: WINDOW }, 'transferred');
}

/** P6 to P9: acceptance, site inspection, decision, certificate. */
export async function handle(scene: Scene): Promise<void> {
  const { uxin } = scene;
  await act(scene, uxin, 'accept', { handler: OFFICE }, 'accepted');
  await act(
    scene,
    uxin,
    'start-special',
    { handler: OFFICE, kind: 'site-inspection', reason: '现场核查经营场所' },
    'special',
  );
  await act(scene, uxin, 'end-special', { handler: OFFICE, result: '现场符合要求' }, 'accepted');
  await act(scene, uxin, 'approve', { handler: OFFICE, explanation: '符合法定条件,准予许可' }, 'approved');
  const fields = {
    legal_representative: '测试人',
    residence: APPLICANT.address,
    business_premises: APPLICANT.address,
    business_form: '食品销售经营者',
    business_items: '预包装食品销售',
  };
  const validUntil = Date.now() + 5 * 365 * DAY_MS;
  await act(scene, uxin, 'issue', { handler: OFFICE, authority: DEPARTMENT, validUntil, fields }, 'issued');
}

/** P10 and P11: the result is handed over, the department hears of it, the applicant rates. */
export async function deliver(scene: Scene): Promise<void> {
  await act(scene, scene.nantong, 'deliver', { handler: WINDOW, way: 'window' }, 'delivered');
  await act(scene, scene.nantong, 'rate', { score: 5, comment: '一次办成,很方便' }, 'rated');
  const { certificate } = await caseAt(scene.nantong, scene.conversation);
  scene.certificate = { identifier: certificate ?? '', status: '' };
  const { text } = await call<{ text: string }>(scene.nantong, 'GET', `/v1/certificates/${certificate}?purpose=demo`);
  await writeFile(scene.certificateFile, text);
}

/** The receiving region asks the issuing region about the certificate. */
export async function checkCertificate(scene: Scene): Promise<void> {
  const { nantong, uxin, certificate } = scene;
  const { status } = await call<{ status: string }>(nantong, 'POST', '/v1/certificates/check', {
    region: uxin.code,
    identifier: certificate.identifier,
    fields: ['business_items'],
    purpose: '窗口核验',
  });
  scene.certificate = { ...certificate, status };
  if (status !== 'valid') throw new Error(`the certificate should be valid, it is ${status}`);
}

/** Acts on one side and waits until both see the new state; before the transfer only our side has the case. */
async function act(scene: Scene, side: DemoRegion, event: string, data: object, state: string): Promise<void> {
  const { nantong, uxin, conversation } = scene;
  await call(side, 'POST', `/v1/cases/${conversation}/acts`, { act: event, data });
  const sides = state === 'received' ? [nantong] : [nantong, uxin];
  for (const region of sides) {
    await until(`${state} at ${region.name}`, async () => {
      const view = await caseAt(region, conversation).catch(() => undefined);
      return view?.state === state && !view.pending ? view : undefined;
    });
  }
}

function caseAt(region: DemoRegion, conversation: string): Promise<CaseView> {
  return call<CaseView>(region, 'GET', `/v1/cases/${conversation}`);
}
