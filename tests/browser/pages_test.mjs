// Every page in Debian's Chromium: both languages, two sizes of screen, light and dark.
//
// usage: node pages_test.mjs SERVE_PAGES CHROMIUM NODE_MODULES [FOLDER_FOR_SCREENSHOTS]
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import readline from 'node:readline';

const [program, chromiumPath, modules, screenshots] = process.argv.slice(2);
const require = createRequire(path.join(path.resolve(modules), 'x.js'));
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const PAGE_SIZE_MAX = 30_000;
const TARGET_MIN = 44; // CSS pixels: more than WCAG 2.2 AA asks for.
const SCREENS = [{ width: 360, height: 740 }, { width: 1280, height: 800 }];

/// The server, its address and its pages.
async function serve() {
  const server = spawn(program, [], { stdio: ['pipe', 'pipe', 'ignore'] });
  const lines = [];
  for await (const line of readline.createInterface({ input: server.stdout })) {
    if (line === '') break;
    lines.push(line);
  }
  const pages = lines.slice(1).map((line) => {
    const [name, host, where] = line.split(' ');
    return { name, host: host.toLowerCase(), where };
  });
  return { server, address: lines[0], pages };
}

/// What a page shows at one size, in one language and colour scheme.
async function look(browser, { name, host, where }, { locale, viewport, colorScheme }, file) {
  const context = await browser.newContext({ locale, viewport, colorScheme });
  const page = await context.newPage();
  const requests = [];
  const complaints = [];
  page.on('request', (request) => requests.push(request.url()));
  // A page of an error is told of as an error, once; what its content breaks comes beside that.
  page.on('console', (message) => message.type() === 'error' && !/status of 4/.test(message.text()) && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  const url = `http://${host}${where}`;
  const response = await page.goto(url);
  const body = await response.body();
  if (file) await page.screenshot({ path: file, fullPage: true });

  assert.equal(await page.getAttribute('body', 'data-outcome'), name);
  assert.equal(await page.getAttribute('html', 'lang'), locale.startsWith('zh') ? 'zh-CN' : 'en');
  assert.deepEqual(requests, [url], 'something beside the page was fetched');
  assert.deepEqual(complaints, []);
  assert.ok(body.length < PAGE_SIZE_MAX, `${body.length} bytes`);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(wide <= 0, `${wide} pixels wider than the screen`);
  const small = await page.$$eval('a, button, input:not([type=hidden])', (targets, min) => targets
    .filter((target) => target.getBoundingClientRect().height < min).map((target) => target.outerHTML), TARGET_MIN);
  assert.deepEqual(small, [], 'targets too small for a thumb');
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document));
  assert.deepEqual(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(' ')}`), []);

  // The first glance, without scrolling: the verdict.
  const banner = await page.locator('h1').boundingBox();
  assert.ok(banner.y + banner.height < viewport.height, 'the verdict is below the first screen');
  await context.close();
}

/// The switch of languages, and a short number typed as people do.
async function use(browser, pages) {
  const context = await browser.newContext({ locale: 'zh-CN', viewport: SCREENS[0] });
  const page = await context.newPage();
  const active = pages.find(({ name }) => name === 'ACTIVE');
  await page.goto(`http://${active.host}${active.where}`);
  await page.getByRole('button', { name: 'English' }).click();
  assert.equal(await page.getAttribute('html', 'lang'), 'en');
  assert.equal(await page.getAttribute('body', 'data-outcome'), 'ACTIVE');
  await page.locator('header a').click();
  await page.getByLabel('Short number').fill('0004o oooo1 8');
  await page.getByRole('button', { name: 'Look up' }).click();
  assert.equal(await page.getAttribute('html', 'lang'), 'en');
  assert.equal(await page.getAttribute('body', 'data-outcome'), 'FOUND');
  await page.getByRole('button', { name: '中文' }).click();
  assert.equal(await page.getAttribute('body', 'data-outcome'), 'FOUND');
  assert.equal(await page.getAttribute('html', 'lang'), 'zh-CN');
  await context.close();
}

const { server, address, pages } = await serve();
const browser = await chromium.launch({
  executablePath: chromiumPath,
  args: ['--no-sandbox', `--host-resolver-rules=MAP * ${address}`],
});
let failures = 0;
let looks = 0;
try {
  if (screenshots) mkdirSync(screenshots, { recursive: true });
  for (const [i, shown] of pages.entries()) {
    for (const locale of ['zh-CN', 'en-US']) {
      for (const viewport of SCREENS) {
        // Light on small screens and dark on large ones for one language, the other way round for the other.
        const colorScheme = (viewport.width < 1000) === (locale === 'zh-CN') ? 'light' : 'dark';
        const label = `${String(i).padStart(2, '0')}-${shown.name}-${locale}-${viewport.width}-${colorScheme}`;
        try {
          await look(browser, shown, { locale, viewport, colorScheme }, screenshots && path.join(screenshots, `${label}.png`));
          looks += 1;
        } catch (error) {
          failures += 1;
          console.error(`${label}: ${error.message}`);
        }
      }
    }
  }
  await use(browser, pages);
} finally {
  await browser.close();
  server.stdin.end();
}
console.log(`${pages.length} pages, ${looks} looks without a fault, ${failures} with one`);
process.exit(failures === 0 && pages.length > 0 ? 0 : 1);
