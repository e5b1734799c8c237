// A platform with a REST API for the benchmark: a list of synthetic records with a cursor, and a door that takes everything.
// Tells its parent the port; ends with it. Started with the argument cases.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const PAGE = 500;
const cases = Number(process.argv[2]);

const server = createServer((request, response) => {
  response.setHeader('content-type', 'application/json');
  if (request.method === 'GET') {
    const from = Number(new URL(request.url ?? '/', 'http://platform').searchParams.get('after') ?? 0);
    const list = Array.from({ length: Math.min(PAGE, cases - from) }, (_, index) => recordOf(from + index));
    const next = from + list.length < cases ? String(from + PAGE) : null;
    response.end(JSON.stringify({ code: 200, data: { list, next } }));
    return;
  }
  request.resume().on('end', () => response.end('{"code":0,"msg":"成功","data":{"no":"P1"}}'));
});
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.on('disconnect', () => process.exit());

function recordOf(number: number) {
  return {
    id: `R${number}`,
    projectNo: `P${number}`,
    status: '3',
    region: '150626',
    item: { code: 'EX018', name: '食品经营许可' },
    applicant: {
      type: '2',
      name: `示例·食品有限公司${number}`,
      certType: '11',
      certNo: '92320600MA00000038',
      phone: '13800000000',
      address: `示例市示例路${number}号`,
    },
    window: { organisation: '示例政务服务中心', staff: '窗口一号' },
    acceptTime: '2026-11-22 08:30:00',
    remark: '材料齐全,符合法定形式。'.repeat(10),
  };
}
