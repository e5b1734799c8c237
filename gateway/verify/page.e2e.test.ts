import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { appendFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import encodeQR from 'qr';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { writePaperCertificate } from '#trust';
import { packOfd, sealedOfd, sealingCast } from '../../trust/testing/index.ts';
import { type ApiRegion, apiRegion } from '../testing/api-region.ts';
import { findBrowser } from '../testing/browser.ts';
import { licence } from '../testing/check-region.ts';
import { FOCUS_SHOWN, LOW_CONTRAST, POOR_CONTROLS, photographOf } from './testing/in-page.ts';

const RATE = 90;
const { authority, ...cast } = sealingCast();
const folder = mkdtempSync(join(tmpdir(), 'tongban-page-'));
/** What the camera of the browser sees. */
const CAMERA = join(folder, 'camera.y4m');
const found = await findBrowser(
  '--use-fake-ui-for-media-stream',
  '--use-fake-device-for-media-stream',
  `--use-file-for-fake-video-capture=${CAMERA}`,
);
const browser = 'browser' in found ? found.browser : undefined;
const why = found.reason === '' ? '' : `: ${found.reason}`;
const POPPLER = spawnSync('pdftoppm', ['-v']).status === 0;

describe.skipIf(!browser)(`the page in a browser${why}`, () => {
  let uxin: ApiRegion;
  let base: string;
  let identifier: string;
  let text: string;
  let qr: string;
  let pdf: Buffer;
  let page: Page;
  let asked: { url: string; body: string }[];
  let complaints: string[];

  beforeAll(async () => {
    uxin = await apiRegion('150626', async (gateway) => {
      await writeFile(join(gateway, 'document-trust.pem'), authority.pem);
      await appendFile(
        join(gateway, 'gateway.yaml'),
        `\nverification: { rate_per_minute: ${RATE} }\ndocuments: { trust_file: document-trust.pem }\n`,
      );
    });
    ({ identifier } = await uxin.live.services.certificates.issue(licence(Date.now() - 1000)));
    ({ text, qr } = (await uxin.ask('GET', `/v1/certificates/${identifier}?purpose=test`)).json);
    ({ bytes: pdf } = await uxin.ask('GET', `/v1/certificates/${identifier}/pdf?purpose=test`));
    const { port } = await uxin.api.listen({ host: '127.0.0.1', port: 0 });
    base = `http://127.0.0.1:${port}`;
    await writeFile(CAMERA, videoOf(qr));
  });

  afterAll(async () => {
    await browser?.close();
    await uxin?.close();
    rmSync(folder, { recursive: true });
  });

  beforeEach(async () => {
    await open();
  });

  afterEach(async () => {
    // Whatever was tried: nobody else was asked, nothing was kept, and the policy of the page was never in its way.
    for (const { url } of asked) expect(url.startsWith(`${base}/`)).toBe(true);
    expect(await page.context().cookies()).toEqual([]);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  async function open(options: Parameters<NonNullable<typeof browser>['newPage']>[0] = {}): Promise<void> {
    page = await browser!.newPage({ viewport: { width: 1280, height: 900 }, ...options });
    asked = [];
    complaints = [];
    page.on('request', (request) => asked.push({ url: request.url(), body: request.postData() ?? '' }));
    page.on('console', (line) => {
      // That an answer is no good one is said by the page itself.
      if (line.type() === 'error' && !line.text().startsWith('Failed to load resource')) complaints.push(line.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(`${base}/verify`);
  }

  const file = (name: string, buffer: Buffer) => ({ name, mimeType: 'application/octet-stream', buffer });

  async function choose(name: string, bytes: Buffer): Promise<string> {
    await page.setInputFiles('#file', file(name, bytes));
    return shown();
  }

  async function enter(given: string): Promise<string> {
    await page.getByRole('textbox').fill(given);
    await page.getByRole('button', { name: '核验 Verify', exact: true }).click();
    return shown();
  }

  /** What stands in the result once it is there. */
  async function shown(): Promise<string> {
    await page.waitForSelector('#result[aria-busy="false"] .verdict', { timeout: 60_000 });
    return (await page.textContent('#result'))!;
  }

  const tone = () => page.locator('.verdict').getAttribute('class');
  const asking = () => asked.filter(({ url }) => url.includes('/v1/public/'));

  it('reads the text of a QR code and shows what anybody may know', async () => {
    const said = await enter(qr);
    expect(await tone()).toBe('verdict good');
    expect(said).toMatch(/有效Valid[\s\S]*签发地区[\s\S]*状态[\s\S]*有效期[\s\S]*未证明[\s\S]*示\*\*\*司/);
    expect(said).not.toMatch(/示例餐饮|阿不都/);
    expect(page.url()).toBe(`${base}/verify`);
  });

  it('takes the PDF of a certificate that is dropped on it', async () => {
    const data = await page.evaluateHandle(`(() => {
      const data = new DataTransfer();
      const bytes = Uint8Array.from(atob('${pdf.toString('base64')}'), (one) => one.charCodeAt(0));
      data.items.add(new File([bytes], 'licence.pdf'));
      return data;
    })()`);
    await page.dispatchEvent('#drop', 'drop', { dataTransfer: data });
    const said = await shown();
    expect(await tone()).toBe('verdict good');
    expect(said).toMatch(/PDF 自 .* 签署后未被改动[\s\S]*示例餐饮有限公司[\s\S]*热食类食品制售/);
  });

  it('takes a certificate as a file, as text, and from paper, whatever the file is called', async () => {
    expect(await choose('photo.jpg', Buffer.from(text))).toContain('有效Valid');
    expect(await enter(text)).toContain('示例餐饮有限公司');
    expect(await enter(writePaperCertificate(text))).toContain('纸质凭证二维码');
  });

  it.each(['six pixels a module', 'one pixel a module'])(
    'reads a picture of the QR code without sending it: %s',
    async (size) => {
      const picture = await pictureOf(qr, size.startsWith('six') ? 6 : 1);
      expect(await choose('qr.bin', picture)).toContain('示***司');
      expect(asking()).toEqual([{ url: `${base}/v1/public/verify/text`, body: JSON.stringify({ text: qr }) }]);
    },
  );

  it('reads a photograph: turned, skewed, badly lit, blurred', async () => {
    const url = await page.evaluate<string>(photographOf(encodeQR(qr, 'raw', { border: 1 })));
    expect(await choose('IMG_0001.JPG', Buffer.from(url.split(',')[1]!, 'base64'))).toContain('示***司');
    expect(asking()).toHaveLength(1);
  });

  it.skipIf(!POPPLER)(
    `reads a scan of the printed PDF${POPPLER ? '' : ': there is no pdftoppm (poppler-utils) here'}`,
    async () => {
      writeFileSync(join(folder, 'c.pdf'), pdf);
      spawnSync('pdftoppm', ['-png', '-r', '110', '-f', '1', '-l', '1', 'c.pdf', 'scan'], { cwd: folder });
      const [scan] = readdirSync(folder).filter((name) => name.startsWith('scan'));
      expect(await choose('scan.png', readFileSync(join(folder, scan!)))).toContain('有效Valid');
    },
  );

  it('says that a picture has no QR code, and sends nothing', async () => {
    const blank = await page.evaluate<string>("document.createElement('canvas').toDataURL('image/png')");
    expect(await choose('blank.png', Buffer.from(blank.split(',')[1]!, 'base64'))).toContain('没有找到二维码');
    expect(await choose('broken.png', Buffer.from('89504e470d0a1a0a00', 'hex'))).toContain('图片无法打开');
    expect(asking()).toEqual([]);
  });

  it('scans with the camera, and lets go of it', async () => {
    await page.getByRole('button', { name: '打开摄像头 Open the camera' }).click();
    expect(await shown()).toContain('示***司');
    expect(await page.locator('#viewfinder').isVisible()).toBe(false);
    expect(await page.evaluate("document.querySelector('video').srcObject")).toBeNull();
  });

  it('says so where there is no camera', async () => {
    await page.addInitScript("Object.defineProperty(navigator, 'mediaDevices', { value: undefined })");
    await page.reload();
    expect(await page.locator('#scan').isVisible()).toBe(false);
    expect(await page.textContent('#no-camera')).toContain('HTTPS');
    expect(await enter(qr)).toContain('有效Valid');
  });

  it('does not follow a foreign address in a QR code, nor show it as a link', async () => {
    const foreign = 'https://evil.example/verify?c=1';
    expect(await choose('qr.png', await pictureOf(foreign, 6))).toContain('网址一律不打开');
    expect(await tone()).toContain('bad');
    expect(await page.textContent('#result')).not.toContain('evil');
    expect(await page.locator('#result a').count()).toBe(0);
    expect(page.context().pages()).toHaveLength(1);
  });

  it.each([
    ['<img src=x onerror=alert(1)>', 'CERTIFICATE_REFERENCE'],
    ['javascript:alert(1)', 'CERTIFICATE_REFERENCE'],
    ['TONGBAN:150626:MZXW6YTBOJTG633CMFZGM33PMI', 'NOT_FOUND'],
  ])('refuses %s with its code', async (given, code) => {
    const said = await enter(given);
    expect(said).toContain(code);
    expect(await page.locator('#result img, #result script').count()).toBe(0);
  });

  it('says of a reference of another region where it must be verified', async () => {
    const said = await enter('TONGBAN:320600:MZXW6YTBOJTG633CMFZGM33PMI');
    expect(said).toContain('请到江苏省南通市（320600）核验');
    expect(await page.locator('#result a').count()).toBe(0);
  });

  it('shows an altered PDF for what it is', async () => {
    const altered = Buffer.from(pdf);
    altered[altered.indexOf('stream\n') + 40]! ^= 1;
    const said = await choose('licence.pdf', altered);
    expect(said).toContain('被改动过');
    expect(said).toContain('RENDITION_ALTERED');
    expect(await tone()).toContain('bad');
  });

  it("shows the report on a department's own file", async () => {
    const said = await choose('licence.ofd', packOfd(sealedOfd(cast)));
    expect(await tone()).toBe('verdict good');
    expect(said).toMatch(/签章人在信任名单内[\s\S]*检查发现/);
  });

  it('follows a revocation at once', async () => {
    const other = await uxin.live.services.certificates.issue(
      licence(Date.now() - 1000, { number: 'JY11506260000077' }),
    );
    expect(await enter(other.text)).toContain('有效Valid');
    await uxin.live.services.certificates.setStatus(other.identifier, 'revoked', '材料虚假', 'operator');
    expect(await enter(other.text)).toContain('已撤销Revoked');
    expect(await tone()).toBe('verdict bad');
  });

  it('says so when nothing was entered, and when the service is away', async () => {
    await page.getByRole('button', { name: '核验 Verify', exact: true }).click();
    expect(await page.getByRole('alert').textContent()).toContain('请先输入');
    expect(await page.evaluate('document.activeElement.id')).toBe('text');
    await page.route('**/v1/public/**', (route) => route.abort());
    expect(await enter(qr)).toContain('连接不上核验服务');
  });

  it('leaves nothing of a certificate to who verifies another', async () => {
    for (const given of [text, 'x']) {
      await enter(given);
      await page.getByRole('button', { name: '再核验一份 Verify another' }).click();
      expect(await page.getByRole('textbox').inputValue()).toBe('');
      expect(await page.locator('.verdict, #details *').count()).toBe(0);
      expect(await page.textContent('#result')).toContain('结果将显示在这里');
      expect(await page.textContent('body')).not.toContain('示例餐饮有限公司');
      expect(await page.evaluate('document.activeElement.id')).toBe('file');
    }
    expect(await enter(qr)).toContain('有效Valid');
  });

  describe.each(['light', 'dark'] as const)('in %s colours', (colorScheme) => {
    it.each([
      ['a phone', 360, 740],
      ['a desk', 1280, 900],
    ])('is legible and usable on %s', async (_, width, height) => {
      await page.context().close();
      await open({ colorScheme, viewport: { width, height } });
      for (const given of ['', qr, 'x']) {
        if (given !== '') await enter(given);
        expect(await page.evaluate(LOW_CONTRAST)).toEqual([]);
        expect(await page.evaluate(POOR_CONTROLS)).toEqual([]);
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
      }
      // Where the page is narrow, the result comes into view by itself.
      const top = await page.evaluate<number>("document.querySelector('.verdict').getBoundingClientRect().top");
      expect(top).toBeLessThan(height);
    });
  });

  it('is used with the keyboard alone, and tells what happens to those who listen', async () => {
    expect(await page.evaluate('document.documentElement.lang')).toBe('zh-CN');
    expect(await page.locator('h1').count()).toBe(1);
    expect(await page.locator('[aria-live="polite"] #summary').count()).toBe(1);
    const stops: string[] = [];
    for (let step = 0; step < 5; step += 1) {
      await page.keyboard.press('Tab');
      expect(await page.evaluate(FOCUS_SHOWN)).toBe(true);
      stops.push(await page.evaluate<string>('document.activeElement.id || document.activeElement.className'));
    }
    expect(stops).toEqual(['skip', 'file', 'scan', 'text', 'button primary']);
    await page.focus('#text');
    await page.keyboard.type(qr);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect(await shown()).toContain('有效Valid');
  });

  it('says how long to wait when it was used too often', async () => {
    // A minute may end in between.
    await expect
      .poll(
        async () => {
          const url = '/v1/public/verify/text';
          const ask = () => uxin.api.app.inject({ method: 'POST', url, payload: { text: 'x' } });
          for (let count = 0; count <= RATE && (await ask()).statusCode !== 429; count += 1);
          return enter(qr);
        },
        { timeout: 60_000 },
      )
      .toMatch(/请稍候再试[\s\S]*请于 \d+ 秒后再试/);
    expect(await tone()).toContain('caution');
  });

  /** A PNG of a QR code, `side` pixels a module. */
  async function pictureOf(said: string, side: number): Promise<Buffer> {
    const modules = encodeQR(said, 'raw', { border: 1 });
    const url = await page.evaluate<string>(`(() => {
      const modules = ${JSON.stringify(modules.map((row) => row.map(Number)))};
      const canvas = document.createElement('canvas');
      canvas.width = canvas.height = modules.length * ${side};
      const context = canvas.getContext('2d');
      modules.forEach((row, y) => row.forEach((dark, x) => dark && context.fillRect(x * ${side}, y * ${side}, ${side}, ${side})));
      return canvas.toDataURL('image/png');
    })()`);
    return Buffer.from(url.split(',')[1]!, 'base64');
  }
});

/** A video of one frame (YUV4MPEG2) that shows a QR code in its middle. */
function videoOf(said: string): Buffer {
  const [width, height, side] = [640, 480, 8];
  const modules = encodeQR(said, 'raw', { border: 1 });
  const luma = Buffer.alloc(width * height, 220);
  const left = Math.floor((width - modules.length * side) / 2);
  const top = Math.floor((height - modules.length * side) / 2);
  for (let y = 0; y < modules.length * side; y += 1)
    for (let x = 0; x < modules.length * side; x += 1)
      if (modules[Math.floor(y / side)]![Math.floor(x / side)]) luma[(top + y) * width + left + x] = 30;
  const frame = Buffer.concat([Buffer.from('FRAME\n'), luma, Buffer.alloc((width * height) / 2, 128)]);
  return Buffer.concat([Buffer.from(`YUV4MPEG2 W${width} H${height} F10:1 Ip A1:1 C420jpeg\n`), frame, frame]);
}
