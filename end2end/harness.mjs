// Starts what a run drives: the simulators of outside services and the release binary on a freshly seeded shop,
// in a folder of its own and on free ports, and stops them again.
//
// As a program it does so around any command:  node harness.mjs command arguments…
// which finds the shop's address in TINDAHAN_URL, and may write {url} in an argument, and {key} for an API key with every
// scope that the API knows.

import { execFileSync, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const named = (name) => process.env[name] ?? (() => { throw new Error(`${name} is not set: run this through make, which builds what it drives`); })();

/** The program under test, the folder of its pages' files unless it carries them inside, and the stand-ins for outside services. */
export const BINARY = named('TINDAHAN_BINARY');
const SITE = process.env.TINDAHAN_SITE;
const SIMULATORS = named('TINDAHAN_SIMULATORS');

/** A TCP port on 127.0.0.1 that was free a moment ago. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

/** The environment without this shell's own settings for the store: a run must not depend on them. */
function environment(added) {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(TINDAHAN|LEPTOS)_/.test(name));
  return { ...Object.fromEntries(inherited), TINDAHAN_DRAIN_SECONDS: '0', ...added };
}

/** Starts a program whose output goes to `log`; `stop()` asks it to end, and insists after ten seconds. */
export function start(program, args, { cwd, log, env = {} }) {
  const output = createWriteStream(log, { flags: 'a' });
  const child = spawn(program, args, { cwd, env: environment(env), stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.pipe(output, { end: false });
  child.stderr.pipe(output, { end: false });
  const ended = new Promise((resolve) => {
    child.once('error', (error) => resolve(`cannot be started: ${error.message}`));
    child.once('exit', (code, signal) => resolve(`ended with ${signal ?? `code ${code}`}`));
  });
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null && child.pid) {
      child.kill('SIGTERM');
      const insist = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await ended;
      clearTimeout(insist);
    }
    output.end();
  };
  return { child, ended, stop, log };
}

/** Waits until `url` answers 200, or until the program that should answer has ended. */
export async function ready(url, running, seconds = 180) {
  const deadline = Date.now() + seconds * 1000;
  let over = null;
  running.ended.then((how) => { over = how; });
  while (Date.now() < deadline) {
    if (over !== null) break;
    try {
      const answer = await fetch(url, { signal: AbortSignal.timeout(2000) });
      if (answer.ok) return;
    } catch { /* not listening yet */ }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const tail = (await readFile(running.log, 'utf8').catch(() => '')).split('\n').slice(-30).join('\n');
  throw new Error(`${url} did not become ready: ${over ?? `no answer in ${seconds} s`}\n${tail}`);
}

/**
 * A shop of its own: simulators, an empty database filled with the demonstration shop, and the server.
 * The answer holds its address (`url`), that of the simulators (`gateway`: the bank's pages, and the mail sent, at `/mail`),
 * its folder, its log and `stop()`. With `alone` the server is a copy of the program in an empty folder that has nothing beside it;
 * `withKey` adds the secret of an API key (`key`). A shop `withPast` has its three months of orders, and the simulators that `serve --demo`
 * starts inside of it, which know how they were paid; any other has sold nothing.
 */
export async function startShop({ args = [], env = {}, alone = false, withKey = false, withPast = false } = {}) {
  const folder = await mkdtemp(path.join(tmpdir(), 'tindahan-end2end-'));
  const running = [];
  const stop = async () => {
    for (const one of running.reverse()) await one.stop();
    if (process.env.TINDAHAN_KEEP) console.error(`kept ${folder}`);
    else await rm(folder, { recursive: true, force: true });
  };
  try {
    const [shopPort, gatewayPort, smtpPort] = await Promise.all([freePort(), freePort(), freePort()]);
    const url = `http://127.0.0.1:${shopPort}`;
    const gateway = `http://127.0.0.1:${gatewayPort}`;
    const simulators = start(SIMULATORS, [
      '--gateway', `127.0.0.1:${gatewayPort}`, '--smtp', `127.0.0.1:${smtpPort}`,
      '--webhook-url', `${url}/webhooks/stripe`, '--webhook-secret', 'whsec_test', '--hold', '3',
    ], { cwd: folder, log: path.join(folder, 'simulators.log') });
    running.push(simulators);
    await ready(`${gateway}/mail`, simulators, 20);

    const database = 'sqlite:shop.db';
    const home = path.join(folder, 'shop');
    await mkdir(home);
    const program = alone ? path.join(home, 'tindahan') : BINARY;
    if (alone) await copyFile(BINARY, program);
    const key = withKey ? apiKey(home, database) : '';
    const server = start(program, [
      'serve', '--demo', '--database', database, '--listen', `127.0.0.1:${shopPort}`, ...(SITE ? ['--site-dir', SITE] : []),
      ...(withPast ? [] : ['--without-past']), ...args,
    ], {
      cwd: home,
      log: path.join(folder, 'server.log'),
      env: {
        ...(alone ? { HOME: home, PATH: '' } : {}),
        ...(withPast ? {} : {
          TINDAHAN_SMTP: `smtp://127.0.0.1:${smtpPort}`,
          TINDAHAN_GATEWAY_URL: gateway,
          TINDAHAN_GATEWAY_SECRET: 'sk_test_end2end',
          TINDAHAN_GATEWAY_WEBHOOK_SECRET: 'whsec_test',
        }),
        // Every visitor of a run comes from one address; the limits have tests of their own.
        TINDAHAN_LIMIT_SIGN_IN: '0',
        TINDAHAN_LIMIT_CHECKOUT: '0',
        TINDAHAN_LIMIT_CART: '0',
        TINDAHAN_LIMIT_PAYMENT: '0',
        TINDAHAN_LIMIT_SEARCH: '0',
        TINDAHAN_LIMIT_API: '0',
        ...env,
      },
    });
    running.push(server);
    await ready(`${url}/health/ready`, server);
    return { url, gateway, folder: home, key, server, log: server.log, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The secret of a new API key, made on the command line before the shop opens: a SQLite file belongs to one program at a time. */
function apiKey(folder, database) {
  const tindahan = (...args) => execFileSync(BINARY, [...args, '--database', database], { cwd: folder, env: environment({}), encoding: 'utf8' });
  tindahan('seed');
  const scopes = ['read_orders', 'create_orders', 'read_stock', 'cancel_orders', 'refund_payments'].flatMap((scope) => ['--scope', scope]);
  return tindahan('admin', 'key', '--name', 'Harness', ...scopes).match(/tdh_[\w-]+/)[0];
}

async function main(command) {
  const shop = await startShop({ withKey: command.some((word) => word.includes('{key}')) });
  let status = 1;
  try {
    const [program, ...args] = command.map((word) => word.replaceAll('{url}', shop.url).replaceAll('{key}', shop.key));
    const child = spawn(program, args, { stdio: 'inherit', env: { ...process.env, TINDAHAN_URL: shop.url } });
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => child.kill(signal));
    status = await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => resolve(code ?? 1));
    });
  } finally {
    await shop.stop();
  }
  process.exit(status);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv.length < 3) {
    console.error('usage: node harness.mjs command arguments…');
    process.exit(2);
  }
  await main(process.argv.slice(2));
}
