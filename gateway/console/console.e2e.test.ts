import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { findBrowser } from '../testing/browser.ts';
import { FOCUS_SHOWN, LOW_CONTRAST } from '../verify/testing/in-page.ts';
import { type ConsoleBench, consoleBench } from './testing/console-bench.ts';

const found = await findBrowser();
const browser = 'browser' in found ? found.browser : undefined;
const why = found.reason === '' ? '' : `: ${found.reason}`;
const PERSONAL = /测试食品有限公司|92320600MA00000038|13800000000|测试路1号/;
/** Controls that nobody could use: without a name, or too small to be touched. */
const POOR_CONTROLS = `[...document.querySelectorAll('button, input, textarea, a[href]')]
  .filter((element) => element.checkVisibility() && !element.matches('.skip'))
  .flatMap((element) => {
    const name = element.getAttribute('aria-label') ?? element.labels?.[0]?.textContent ?? element.textContent;
    const touched = element.closest('.el-radio-button, .el-input__wrapper, .el-select__wrapper');
    const shown = touched ?? (element.matches('.open') ? element.closest('tr') : element);
    const isSmall = shown.getBoundingClientRect().height < 44;
    return name.trim() === '' || isSmall ? [element.outerHTML.slice(0, 80)] : [];
  })`;
/** Says on the console of the browser what the policy of the page forbids. */
const TELL_VIOLATIONS = `document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sample }) =>
  console.error('the policy forbids', violatedDirective, blockedURI, sample))`;

describe.skipIf(!browser)(`the console in a browser${why}`, () => {
  let bench: ConsoleBench;
  let page: Page;
  let asked: { url: string; method: string; cookie: string | undefined }[];
  let complaints: string[];

  beforeAll(async () => {
    bench = await consoleBench();
    await bench.park();
  });

  afterAll(async () => {
    await browser?.close();
    await bench?.close();
  });

  afterEach(async () => {
    // Whatever was done: nobody else was asked, nothing was kept, no address had a secret, and the policy was never in the way.
    for (const { url, cookie } of asked) {
      expect(url.startsWith(`${bench.url}/`)).toBe(true);
      expect(url).not.toMatch(/eyJ|tbs_/);
      expect(cookie).toBeUndefined();
    }
    expect(page.url()).not.toMatch(/eyJ|tbs_/);
    expect(await page.textContent('body')).not.toMatch(PERSONAL);
    expect(await page.context().cookies()).toEqual([]);
    expect(await page.evaluate('localStorage.length + sessionStorage.length')).toBe(0);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  async function open(options: Parameters<NonNullable<typeof browser>['newPage']>[0] = {}, at = ''): Promise<void> {
    page = await browser!.newPage({ viewport: { width: 1280, height: 900 }, ...options });
    asked = [];
    complaints = [];
    page.on('request', (request) => {
      asked.push({ url: request.url(), method: request.method(), cookie: request.headers()['cookie'] });
    });
    page.on('console', (line) => {
      // That an answer is no good one is said by the page itself.
      if (line.type() !== 'info' && !line.text().startsWith('Failed to load resource')) complaints.push(line.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.addInitScript(TELL_VIOLATIONS);
    await page.goto(`${bench.url}/console${at}`);
  }

  async function signIn(token: string, code?: string): Promise<void> {
    await page.getByLabel('令牌', { exact: true }).fill(token);
    if (code !== undefined) await page.getByLabel('六位动态口令').fill(code);
    await press('登录');
  }

  const press = (name: string) => page.getByRole('button', { name, exact: true }).click();
  const said = (text: string | RegExp) => page.getByText(text).first().waitFor();
  const main = () => page.textContent('main');
  const letterOf = async (problem: string) => {
    const letters = await bench.live.services.deadLetters.list({}, 10);
    for (const { id } of letters) {
      const { detail } = await bench.live.services.deadLetters.show(id);
      if (detail.problems?.some(({ code }) => code === problem)) return id;
    }
    throw new Error(`no letter has the problem ${problem}`);
  };
  const addressOf = async (problem: string) => `#/letters/${encodeURIComponent(await letterOf(problem))}`;

  describe('an operator', () => {
    it('sees how many are parked where, and each with its reason, but may not deal with it', async () => {
      await open();
      await signIn(bench.operator);
      await said('更新于');
      expect(await page.getByRole('button', { name: '平台交来的 4 待处理' }).count()).toBe(1);
      expect(await page.locator('tbody tr').allTextContents()).toHaveLength(4);
      expect(await main()).toMatch(/hall[\s\S]*字段映射看不懂[\s\S]*MAPPING_FAILED/);
      for (const [code, words] of [
        ['UNKNOWN_CODE', /代码表里没有这个代码[\s\S]*applicant\/documentType[\s\S]*APPLYER_PAGE_TYPE[\s\S]*改映射文件/],
        ['MALFORMED', /不完整、有语法错误[\s\S]*整条记录[\s\S]*重试读的还是原来的字节/],
        ['ENCODING', /文字编码不对[\s\S]*utf-8/],
        ['CLOCK', /时间晚于现在[\s\S]*APPLY_DATE[\s\S]*校准时钟/],
      ] as const) {
        await page.evaluate(`location.hash = ${JSON.stringify(await addressOf(code))}`);
        await page.locator('.problems').getByText(code, { exact: true }).waitFor();
        expect(await main()).toMatch(words);
        expect(await main()).toContain('只有系统管理员可以重试或放弃');
        expect(await page.getByRole('button', { name: '放弃' }).count()).toBe(0);
      }
      expect(await bench.live.core.metrics.text()).toContain('tongban_dead_letters{queue="intake",name="hall"} 4');
      const authorization = `Bearer ${bench.operator}`;
      const id = encodeURIComponent(await letterOf('CLOCK'));
      const dropping = { method: 'POST', headers: { authorization }, url: `/v1/dead-letters/${id}/drop` } as const;
      expect((await bench.api.app.inject({ ...dropping, payload: { reason: 'x' } })).statusCode).toBe(403);
      expect(await bench.live.services.deadLetters.list({}, 10)).toHaveLength(4);
    });

    it('filters by queue, name and state, and finds the place again by its address', async () => {
      await open();
      // People copy what stands in a header, too.
      await signIn(` Bearer ${bench.operator}\n`);
      await page.getByRole('button', { name: '发给对端的 0 待处理' }).click();
      await said('没有符合条件的');
      expect(new URL(page.url()).hash).toBe('#/letters?queue=peer');
      await press('清除条件');
      await page.getByRole('combobox', { name: '平台或对端' }).click();
      await page.getByRole('option', { name: 'hall (4)' }).click();
      await page.waitForURL(/name=hall/);
      expect(await page.locator('tbody tr').count()).toBe(4);
      await page.getByText('已处理', { exact: true }).click();
      await page.waitForURL(/state=closed/);
      await said('没有符合条件的');
      await page.reload();
      await signIn(bench.operator);
      await said('没有符合条件的');
    });

    it('is told plainly when the token is no good, or is that of a platform', async () => {
      await open();
      await press('登录');
      await said('请先粘贴令牌');
      expect(await page.evaluate('document.activeElement.id')).toBe('token');
      for (const token of ['no token at all', '令牌']) {
        await signIn(token);
        await said('令牌无效或已过期');
      }
      await signIn((await bench.api.bearer('platform', { now: Date.now() })).slice('Bearer '.length));
      await said('这是业务平台的令牌');
      expect(await page.locator('header').count()).toBe(0);
    });

    it('goes through pages, newest first', async () => {
      await open();
      // Fewer on a page than there are.
      await page.route('**/v1/dead-letters?*', (route) =>
        route.continue({ url: route.request().url().replace('limit=25', 'limit=3') }),
      );
      await signIn(bench.operator);
      await page.locator('tbody tr').nth(2).waitFor();
      await press('较旧的 →');
      await expect.poll(() => page.locator('tbody tr').count()).toBe(1);
      await press('← 较新的');
      await expect.poll(() => page.locator('tbody tr').count()).toBe(3);
    });

    it('who does nothing for a quarter of an hour is signed out, and goes on where he was', async () => {
      await open({}, await addressOf('CLOCK'));
      await page.clock.install();
      await page.reload();
      await signIn(bench.operator);
      await said('时间晚于现在');
      await page.clock.fastForward('14:30');
      await page.keyboard.press('Shift');
      await page.clock.fastForward('14:30');
      expect(await page.getByRole('dialog').count()).toBe(0);
      await page.clock.fastForward('01:00');
      await said('15 分钟没有操作');
      await signInAgain(bench.operator);
      expect(await main()).toContain('时间晚于现在');
    });
  });

  async function signInAgain(token: string): Promise<void> {
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('令牌', { exact: true }).fill(token);
    await dialog.getByRole('button', { name: '重新登录' }).click();
    await dialog.waitFor({ state: 'hidden' });
  }

  describe('a system administrator', () => {
    it('only looks without his second factor; mends the mapping, retries, and the case is there', async () => {
      await open({}, await addressOf('UNKNOWN_CODE'));
      await page.getByLabel('令牌', { exact: true }).fill(bench.administrator);
      await press('登录');
      await said('动态口令是六位数字');
      await page.getByText('只查看', { exact: true }).click();
      await press('登录');
      await said('尚未出示第二因素');
      await press('输入第二因素');
      await page.getByText('客户端证书', { exact: true }).click();
      await press('确认');
      await said('SECOND_FACTOR_REQUIRED');
      await page.getByText('动态口令', { exact: true }).click();
      await page.getByLabel('六位动态口令').fill('000000');
      await press('确认');
      await said('SECOND_FACTOR_WRONG');
      await page.getByLabel('六位动态口令').fill(bench.code());
      await press('确认');

      await press('重试');
      await page.getByLabel('事由').fill('映射已补');
      await press('确认重试');
      await said('还是不行');
      expect(await page.getByRole('dialog').textContent()).toMatch(
        /还是不行[\s\S]*代码表里没有这个代码[\s\S]*documentType/,
      );
      expect(await bench.cases()).toBe(0);
      await bench.mendMapping();
      // It counts at once for a record that could not be understood.
      await press('确认重试');
      await said('已经办成');
      expect(await main()).toMatch(/已重试[\s\S]*wang 系统管理员/);
      expect(await bench.cases()).toBe(1);
      expect(await page.getByRole('button', { name: '重试', exact: true }).count()).toBe(0);
    });

    it('whose session ends in the middle loses neither place nor words, drops, and the audit record has it', async () => {
      const id = await letterOf('ENCODING');
      await open({}, `#/letters/${encodeURIComponent(id)}`);
      await signIn(bench.administrator, bench.code());
      await press('放弃');
      await press('确认放弃');
      await said('请写明事由');
      await page.getByLabel('事由').fill('平台已按新文件重新提交');
      await bench.live.core.store.write((tx) => tx.run('DELETE FROM administrator_session'));
      await press('确认放弃');
      await said('登录已失效');
      expect(await bench.live.services.deadLetters.list({}, 10)).toHaveLength(3);
      // The token from before is still here: the code alone is asked for.
      await page.getByLabel('六位动态口令').fill(bench.code());
      await page.getByRole('button', { name: '重新登录' }).click();
      expect(await page.getByLabel('事由').inputValue()).toBe('平台已按新文件重新提交');
      await press('确认放弃');
      await said('已放弃');
      expect((await bench.live.services.deadLetters.show(id)).letter.closing).toMatchObject({
        ...{ outcome: 'dropped', by: 'wang', role: 'sysadmin', reason: '平台已按新文件重新提交' },
      });
      const authorization = await bench.api.bearer('auditor', { now: Date.now() });
      const { records } = (
        await bench.api.app.inject({ url: '/v1/audit?limit=50', headers: { authorization } })
      ).json();
      const dropped = records.filter(({ route }: { route: string }) => route === 'POST /v1/dead-letters/:id/drop');
      expect(dropped).toContainEqual(expect.objectContaining({ factor: 'otp', status: 200 }));

      await page.getByRole('link', { name: '我的登录' }).click();
      await said('查看和处理搁置的消息');
      await press('退出登录');
      await page.getByLabel('令牌', { exact: true }).waitFor();
      const { read } = bench.live.core.store;
      await expect.poll(() => read.all('SELECT id FROM administrator_session')).toEqual([]);
    });
  });

  it.each(['中文', 'English'])('is legible and usable at every width, in %s', async (language) => {
    await open({ reducedMotion: 'reduce' });
    const looks = async () => {
      for (const width of [320, 768, 1920]) {
        await page.setViewportSize({ width, height: 900 });
        expect(await page.evaluate(LOW_CONTRAST)).toEqual([]);
        expect(await page.evaluate(POOR_CONTROLS)).toEqual([]);
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
      }
    };
    await page.getByLabel('令牌', { exact: true }).fill(bench.operator);
    if (language === 'English') await page.locator('.language').click();
    await looks();
    await page.locator('form button').first().click();
    await page.locator('tbody tr').first().waitFor();
    await looks();
    await page.evaluate(`location.hash = ${JSON.stringify(await addressOf('CLOCK'))}`);
    await page.locator('.problems').waitFor();
    await looks();
    await page.evaluate("location.hash = '#/account'");
    await said('hall-3');
    await looks();
    const other = language === 'English' ? /\p{Script=Han}/u : /[A-Za-z]{4,} [a-z]{3,}/;
    expect((await main())!.replace('江苏省南通市（320600）', '')).not.toMatch(other);
  });

  it('keeps the form, and what is shown, when a page of somebody else answers for the gateway', async () => {
    await open();
    const elsewhere = { status: 200, contentType: 'text/html', body: '<p>sign on</p>' };
    await page.route('**/v1/sessions/current', (route) => route.fulfill(elsewhere));
    await signIn(bench.operator);
    await said('连接不上网关');
    await page.unroute('**/v1/sessions/current');
    await press('登录');
    await page.locator('tbody tr').first().waitFor();
    await page.route('**/v1/dead-letters?*', (route) => route.fulfill(elsewhere));
    await press('刷新');
    await said('连接不上网关');
    expect(await page.locator('tbody tr').count()).toBeGreaterThan(0);
  });

  it('lets nobody in who signed out while he waited', async () => {
    await open();
    await signIn(bench.operator);
    await page.locator('tbody tr').first().waitFor();
    await page.route('**/v1/dead-letters?*', (route) => route.fulfill({ status: 401, json: { code: 'UNAUTHORIZED' } }));
    await press('刷新');
    const held = Promise.withResolvers<void>();
    const answered = page.waitForResponse('**/v1/sessions/current');
    await page.route('**/v1/sessions/current', (route) => held.promise.then(() => route.continue()));
    await page.getByRole('dialog').getByLabel('令牌', { exact: true }).fill(bench.operator);
    await press('重新登录');
    await press('退出');
    await page.locator('.gate').waitFor();
    held.resolve();
    await (await answered).finished();
    expect(await page.locator('.gate').isVisible()).toBe(true);
    expect(await page.locator('tbody tr').count()).toBe(0);
  });

  it('is used with the keyboard alone', async () => {
    await open({}, await addressOf('CLOCK'));
    expect(await page.evaluate('document.documentElement.lang')).toBe('zh-CN');
    await page.getByLabel('令牌', { exact: true }).waitFor();
    await page.keyboard.type(bench.operator);
    await page.keyboard.press('Enter');
    await said('时间晚于现在');
    expect(await page.evaluate('document.activeElement.tagName')).toBe('H1');
    await page.keyboard.press('Shift+Tab');
    expect(await page.evaluate('document.activeElement.className')).toBe('back');
    expect(await page.evaluate(FOCUS_SHOWN)).toBe(true);
    await page.keyboard.press('Enter');
    await page.locator('tbody tr').first().waitFor();
    await page.locator('.tile').first().focus();
    const stops: string[] = [];
    for (let step = 0; step < 7; step += 1) {
      await page.keyboard.press('Tab');
      stops.push(await page.evaluate<string>('document.activeElement.className'));
    }
    expect(stops.slice(0, 3)).toEqual(['tile', 'tile', 'tile']);
    expect(stops.at(-1)).toContain('open');
    await page.keyboard.press('Enter');
    await page.locator('.problems').waitFor();
  });
});
