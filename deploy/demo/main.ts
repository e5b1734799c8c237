import { Listr } from 'listr2';
import { checkCertificate, deliver, handle, supplement, takeIn, transfer } from './agency-case.ts';
import { revoke, rotate } from './keys.ts';
import { readOptions, USAGE } from './options.ts';
import { agree, pin, publish } from './peering.ts';
import { attack, prove } from './proof.ts';
import { statementOf } from './region.ts';
import { closeScene, openRegions, openScene, type Scene } from './scene.ts';
import { kept, table } from './summary.ts';

const TASKS: readonly { title: string; run: (scene: Scene, keep: boolean) => Promise<void> }[] = [
  { title: '三个地区初始化,两个网关启动 / three regions initialise, two gateways start', run: openRegions },
  { title: '交换地区声明,核对指纹 / statements exchanged, fingerprints compared', run: pin },
  { title: '双方签署相互授权 / both sign a mutual authorization', run: agree },
  { title: '办理地发布通办清单 / the handling region publishes its catalogue', run: publish },
  { title: '窗口收件,核验原件,出具收件通知 / the window takes the case in', run: takeIn },
  { title: '办件与材料转办理地 / case and files are handed over', run: transfer },
  { title: '一次性补正,时限暂停 / one supplement, the clock stops', run: supplement },
  { title: '办件途中轮换签名密钥,不停机 / the signing key is rotated while the case is under way', run: rotate },
  { title: '受理、现场核查、决定、签发电子证照 / accepted, inspected, decided, certified', run: handle },
  { title: '送达反馈与好差评 / delivered and rated', run: deliver },
  { title: '向签发地核验电子证照 / the certificate is checked with its issuer', run: checkCertificate },
  { title: '导出存证包,独立进程离线验证 / the evidence is exported and verified offline', run: prove },
  { title: '吊销旧密钥,一次交换内生效 / the old key is revoked, and its peer knows at once', run: revoke },
  { title: '重复得同一回执,伪造一律拒收 / a repeat gets its receipt, forgeries are refused', run: attack },
];

process.exitCode = await main();

async function main(): Promise<number> {
  let options: ReturnType<typeof readOptions>;
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n${USAGE}`);
    return 2;
  }
  if (options === 'help') {
    process.stdout.write(USAGE);
    return 0;
  }
  const { json, keep } = options;
  const scene = await openScene();
  const interrupted = () => void closeScene(scene).then(() => process.exit(130));
  process.once('SIGINT', interrupted);
  process.once('SIGTERM', interrupted);
  try {
    await play(scene, keep, json);
    process.stdout.write(json ? `${JSON.stringify(await result(scene))}\n` : table(scene));
    if (keep) process.stderr.write(kept(scene));
    return 0;
  } catch (error) {
    process.stderr.write(`\n演示失败 / the demo failed: ${(error as Error).message}\n文件 / files: ${scene.dir}\n`);
    return 1;
  } finally {
    if (!keep || process.exitCode) await closeScene(scene);
    else release(scene);
  }
}

/** Shows each step as it goes: lists on a terminal, plain lines elsewhere. */
async function play(scene: Scene, keep: boolean, json: boolean): Promise<void> {
  if (process.stdout.isTTY && !json) {
    const tasks = TASKS.map(({ title, run }) => ({ title, task: () => run(scene, keep) }));
    await new Listr(tasks, { concurrent: false, exitOnError: true }).run();
    return;
  }
  for (const { title, run } of TASKS) {
    const began = performance.now();
    await run(scene, keep);
    (json ? process.stderr : process.stdout).write(`✔ ${title} (${Math.round(performance.now() - began)} ms)\n`);
  }
}

async function result(scene: Scene): Promise<object> {
  const { dir, nantong, uxin, quanzhou, certificate, refused } = scene;
  const regions = await Promise.all(
    [nantong, uxin, quanzhou].map(async (region) => ({ code: region.code, statement: await statementOf(region) })),
  );
  return {
    dir,
    regions,
    case: scene.conversation,
    envelopes: scene.envelopes,
    receipts: scene.receipts,
    certificate: { file: scene.certificateFile, status: certificate.status },
    evidence: { file: scene.evidenceFile, verified: scene.evidenceVerified },
    refused,
  };
}

/** Lets the demo end although the gateways go on. */
function release({ nantong, uxin }: Scene): void {
  for (const { process: child } of [nantong, uxin]) child?.unref();
}
