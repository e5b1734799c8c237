import type { Scene } from './scene.ts';

/** What was done and where it is, for people. */
export function table(scene: Scene): string {
  const { nantong, uxin, certificate, refused } = scene;
  const rows: [string, string][] = [
    ['收件地 → 办理地 / regions', `${nantong.name} ${nantong.code} → ${uxin.name} ${uxin.code}`],
    ['办件编号 / case', `${scene.caseNumber} (${scene.conversation})`],
    ['报文与回执 / envelopes and receipts', `${scene.envelopes} / ${scene.receipts}`],
    ['电子证照 / certificate', `${certificate.identifier}: ${certificate.status}`],
    [
      '存证包 / evidence',
      `${scene.evidenceFile}: ${scene.evidenceVerified ? '验证通过 / verified' : '未通过 / NOT verified'}`,
    ],
    ...refused.map(({ what, code }): [string, string] => [`拒收 / refused: ${what}`, code]),
    ['文件 / files', scene.dir],
  ];
  const width = Math.max(...rows.map(([label]) => columns(label)));
  return `\n${rows.map(([label, value]) => `  ${label}${' '.repeat(width - columns(label))}  ${value}`).join('\n')}\n\n`;
}

/** How to go on with gateways that were left running. */
export function kept({ nantong, uxin, dir }: Scene): string {
  const lines = [nantong, uxin].map(
    ({ name, code, url, tokens, process: child }) =>
      `  ${name} ${code}\n    ${url}/docs\n    ${url}/console\n    token operator ${tokens?.operator}\n    token secadmin ${tokens?.secadmin}\n    停止 / stop: kill ${child?.pid}\n`,
  );
  return `网关保持运行 / the gateways go on:\n${lines.join('')}  文件 / files: ${dir}\n`;
}

/** Columns that a text takes on a terminal: characters of East Asian scripts take two. */
function columns(text: string): number {
  return [...text].reduce((sum, character) => sum + (/[\u2e80-\uffff]/u.test(character) ? 2 : 1), 0);
}
