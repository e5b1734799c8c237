import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { runHere } from '../testing/run-here.ts';
import { type ScriptedGateway, startScriptedGateway } from '../testing/scripted-gateway.ts';

const AT = Date.parse('2026-12-10T09:00:00+08:00');
const SHOWN = {
  identifier: '1.2.X',
  issuer: '150626',
  status: 'revoked',
  reason: '材料不实',
  certificate: {
    typeName: '食品经营许可证',
    number: 'JY1',
    holder: { name: '示例餐饮有限公司', number: '91' },
    otherHolders: [{ name: '示例合伙人' }],
    authority: { name: '示例市场监督管理局', code: '11' },
    validFrom: AT,
    validUntil: Date.parse('2031-12-10T00:00:00+08:00'),
  },
};
const CHANGES = [
  { from: 'valid', to: 'revoked', ground: 'false-materials', reason: '材料不实', by: 'clerk-7', at: AT + 1000 },
];

const REFUSED: Readonly<Record<number, object>> = { 403: { code: 'FORBIDDEN' }, 500: { code: 'INTERNAL' } };

let gateway: ScriptedGateway;
let asked: string[];
let changes: object[];
let statusAnswer: number;

beforeAll(async () => {
  gateway = await startScriptedGateway(async (request, response) => {
    asked.push([request.method, request.url, await text(request)].filter(Boolean).join(' '));
    const isStatus = request.url!.endsWith('/status');
    const status = isStatus ? statusAnswer : 200;
    const answer = status === 200 ? (isStatus ? { changes } : SHOWN) : REFUSED[status];
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
});

beforeEach(() => {
  asked = [];
  changes = CHANGES;
  statusAnswer = 200;
});

afterAll(() => gateway.stop());

const show = (...more: string[]) =>
  runHere(['certificate', 'show', '1.2.X', '--purpose', 'x', ...more, '--gateway', gateway.folder]);

it('shows what a certificate says, how it stands, and who decided that', async () => {
  const { code, stdout } = await show();
  expect(code).toBe(0);
  for (const line of [
    /^状态 Status +已撤销 revoked$/m,
    /^证照类型 Type +食品经营许可证$/m,
    /^证照编号 Number +JY1$/m,
    /^持证主体 Holder +示例餐饮有限公司$/m,
    /^持证主体 Holder +示例合伙人$/m,
    /^证件号码 Holder number +91$/m,
    /^颁发机构 Authority +示例市场监督管理局$/m,
    /^有效期 Validity +2026-12-10 09:00:00 — 2031-12-10 00:00:00$/m,
    /^变更 Change +2026-12-10 09:00:01 有效 valid → 已撤销 revoked \(false-materials: 材料不实\),经办 by clerk-7$/m,
  ])
    expect(stdout).toMatch(line);
  expect(asked).toEqual(['GET /v1/certificates/1.2.X?purpose=x', 'GET /v1/certificates/1.2.X/status']);
});

it('speaks of no change where none was made, and gives the record of the API as JSON', async () => {
  changes = [];
  expect((await show()).stdout).not.toContain('变更');
  expect(JSON.parse((await show('--json')).stdout)).toEqual(SHOWN);
});

it('shows the certificate to a role that may not see who decided about it, and hides no other fault', async () => {
  statusAnswer = 403;
  const { code, stdout } = await show();
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('示例餐饮有限公司') });
  expect(stdout).not.toContain('变更');
  statusAnswer = 500;
  expect((await show()).code).not.toBe(0);
});
