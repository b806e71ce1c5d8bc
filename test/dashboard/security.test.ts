/** Who may ask the dashboard, and that nothing outside its folder is read or written. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { LOCK_FILE, lockFolder } from "#bregman/folder-lock.js";
import { temporaryFolder } from "../cli/run-cli.js";
import { sampleRun } from "../report/sample-run.js";
import { dashboardOf } from "./dashboard.js";

const SECRET = "nobody is to read this";

/** A folder beside which there is a run that nobody is to read. */
function besideSecrets(): string {
  const place = temporaryFolder();
  const secret = sampleRun({
    recipe: { name: SECRET, description: SECRET },
    result: { machine: SECRET },
  });
  cpSync(secret, join(place, "secret"), { recursive: true });
  writeFileSync(join(place, "secret.json"), JSON.stringify({ name: SECRET }));
  mkdirSync(join(place, "runs"));
  return join(place, "runs");
}

test("only a page of its own, by one of its names, is answered", async () => {
  const { port, get, post } = await dashboardOf({ a: {} });
  const own = `http://127.0.0.1:${port}`;
  const status = async (headers: Record<string, string>) =>
    (await get("/api/runs", headers)).status;
  expect(await status({})).toBe(200);
  expect(await status({ Host: `localhost:${port}`, Origin: `http://localhost:${port}` })).toBe(200);
  expect(await status({ Origin: own, "Sec-Fetch-Site": "same-origin" })).toBe(200);
  for (const host of ["evil.example", `evil.example:${port}`, "127.0.0.1", "127.0.0.1:1"])
    expect(await status({ Host: host }), host).toBe(403);
  for (const origin of ["http://evil.example", "null", `http://localhost:${port}`, `${own}0`, ""])
    expect(await status({ Origin: origin }), origin).toBe(403);
  for (const site of ["cross-site", "same-site"])
    expect(await status({ "Sec-Fetch-Site": site }), site).toBe(403);

  // What changes something: a page's form, or its fetch without leave, sends none of these.
  const stop = async (headers: Record<string, string | undefined>) =>
    (await post("/api/stop", { run: "a" }, headers)).status;
  expect(await stop({})).toBe(400);
  expect(await stop({ "X-Bregman": undefined })).toBe(403);
  expect(await stop({ Origin: undefined })).toBe(403);
  expect(await stop({ Origin: "http://evil.example" })).toBe(403);
  expect((await get("/api/stop")).status).toBe(404);
});

test("with a token nothing is said without it", async () => {
  const token = "correct-horse";
  const { port, get, post } = await dashboardOf({ a: {} }, { token });
  for (const path of [
    "/",
    "/style.css",
    "/api/runs",
    "/?token=wrong-horse",
    `/api/runs?token=${token}`,
  ]) {
    const { status, text } = await get(path);
    expect([path, status, text.includes("token")]).toEqual([path, 401, true]);
  }
  expect((await post("/api/stop", { run: "a" })).status).toBe(401);
  const { status, headers } = await get(`/?token=${token}`);
  const [cookie] = headers["set-cookie"] as string[];
  expect([status, cookie]).toEqual([
    200,
    `bregman-${port}=${token}; Path=/; HttpOnly; SameSite=Strict`,
  ]);
  const Cookie = cookie.split(";")[0];
  expect((await get("/api/runs", { Cookie })).json.runs).toHaveLength(1);
  expect((await get("/api/runs", { Cookie: `${Cookie}x` })).status).toBe(401);
  expect((await post("/api/stop", { run: "a" }, { Cookie })).status).toBe(400);
});

test("the page may load nothing from elsewhere, and has no script or style within it", async () => {
  const { get } = await dashboardOf({ a: {} });
  for (const path of ["/", "/api/runs", "/nothing", "/style.css"]) {
    const { headers } = await get(path);
    const policy = String(headers["content-security-policy"]);
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(policy).not.toContain("unsafe");
    expect(headers["x-content-type-options"]).toBe("nosniff");
    expect(headers).not.toHaveProperty("access-control-allow-origin");
  }
  const { text } = await get("/");
  expect(text).not.toMatch(/<script(?! type="module" src=)|<style|style=| on\w+="|https?:/);
  const scripts = await get("/bundled/uplot.js");
  expect([scripts.status, scripts.headers["content-type"]]).toEqual([
    200,
    "text/javascript; charset=utf-8",
  ]);
});

test("no name leads out of the folder", async () => {
  const folder = besideSecrets();
  const { get, post, errors } = await dashboardOf({ a: { pictures: true } }, { folder });
  const outside = [
    "..",
    "../secret",
    "a/../../secret",
    "./../secret",
    join(folder, "../secret"),
    "..%2fsecret",
    "%2e%2e/secret",
    "..\\secret",
    "a\0/../../secret",
    "\u2025/secret",
    "__proto__",
    "",
  ];
  for (const name of outside) {
    const run = encodeURIComponent(name);
    for (const path of ["curve", "run", "picture", "difference"]) {
      const { status, text } = await get(`/api/${path}?run=${run}&with=${run}&epoch=0`);
      expect([name, path, status]).toEqual([name, path, 400]);
      expect(text).not.toContain(SECRET);
    }
    for (const action of ["stop", "resume"])
      expect((await post(`/api/${action}`, { run: name })).status).toBe(400);
  }
  for (const path of [
    "/../secret.json",
    "/..%2fsecret.json",
    "/%2e%2e/secret.json",
    "/a/recipe.json",
    "/dashboard/page/../server.js",
    "/dashboard/page/..%2fserver.js",
    "/dashboard/page/%2e%2e/%2e%2e/errors.js",
    "//etc/passwd",
    "/package.json",
  ]) {
    const { status, text } = await get(path);
    expect([path, status]).toEqual([path, 404]);
    expect(text).not.toContain(SECRET);
  }
  expect(errors).toEqual([]);
});

test("no link leads out of the folder: neither to runs nor to the files of one", async () => {
  const folder = besideSecrets();
  const secret = join(folder, "../secret");
  symlinkSync(secret, join(folder, "linked"));
  mkdirSync(join(folder, "deep"));
  symlinkSync(join(folder, ".."), join(folder, "deep/up"));
  const { root, get, add, errors } = await dashboardOf({}, { folder });
  mkdirSync(add("files", { result: false }), { recursive: true });
  symlinkSync(join(secret, "result.json"), join(root, "files/result.json"));
  symlinkSync(join(secret, "pictures"), join(root, "files/pictures"));
  symlinkSync(join(secret, "report.html"), join(root, "files.log"));
  symlinkSync(join(folder, "../secret.json"), join(root, "mine.json"));
  const inside = join(add("one", { result: false }), "pictures");
  mkdirSync(inside);
  symlinkSync(join(secret, "pictures/epoch-000.png"), join(inside, "epoch-000.png"));
  // Its recipe is a link: a run has one of its own.
  mkdirSync(join(root, "recipe"));
  symlinkSync(join(secret, "recipe.json"), join(root, "recipe/recipe.json"));
  writeFileSync(join(root, "recipe/metrics.jsonl"), "");

  const { json, text } = await get("/api/runs");
  expect(json.runs.map((run: any) => run.id).sort()).toEqual(["files", "one"]);
  const said = [text];
  for (const run of ["files", "one"]) {
    for (const path of ["curve", "run", "difference"])
      said.push((await get(`/api/${path}?run=${run}&with=${run}`)).text);
    const picture = await get(`/api/picture?run=${run}&epoch=0`);
    expect([run, picture.status]).toEqual([run, 404]);
  }
  said.push((await get("/api/recipes")).text);
  expect(said.join()).not.toContain(SECRET);
  expect(said.join()).not.toContain("mine.json");
  expect(errors).toEqual([]);
});

test("a run whose folder became a link is one no more", async () => {
  const folder = besideSecrets();
  const { root, get, add } = await dashboardOf({ a: {} }, { folder });
  expect((await get("/api/run?run=a")).status).toBe(200);
  renameSync(add("b"), join(root, "b2"));
  renameSync(join(root, "a"), join(root, "a2"));
  symlinkSync(join(folder, "../secret"), join(root, "a"));
  const { text } = await get("/api/run?run=a");
  expect(text).not.toContain(SECRET);
  await get("/api/runs");
  expect((await get("/api/run?run=a")).status).toBe(400);
});

test("only recipes by name and in the folder are started", async () => {
  const folder = besideSecrets();
  const { root, post, errors } = await dashboardOf({}, { folder });
  symlinkSync(join(folder, "../secret.json"), join(root, "link.json"));
  writeFileSync(join(root, "broken.json"), '{ "name": 5 }');
  const before = readdirSync(root);
  for (const recipe of [
    "../secret.json",
    "/etc/passwd",
    "./link.json",
    "none",
    "a/../../secret.json",
  ]) {
    const { status, json } = await post("/api/start", { recipe });
    expect([status, json.error]).toEqual([
      400,
      `there is no recipe ${recipe} in the dashboard's folder`,
    ]);
  }
  const cases: [unknown, RegExp][] = [
    [{ recipe: "./broken.json" }, /name/],
    [{ recipe: "mnist-quick", seed: -1 }, /^seed: /],
    [{ recipe: "mnist-quick", epochs: 0 }, /^--epochs 0 does not fit/],
    [{ recipe: "mnist-quick", out: "/tmp/x" }, /out/],
    [{ recipe: ["--help"] }, /^recipe: /],
    ["{", /^expected JSON$/],
    [{ recipe: "x".repeat(20_000) }, /./],
  ];
  for (const [body, fault] of cases) {
    const answer = await post("/api/start", body);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
    expect(answer.text.startsWith("{") ? answer.json.error : answer.text).toMatch(fault);
  }
  expect(readdirSync(root)).toEqual(before);
  expect(errors).toEqual([]);
});

test("a log is not written through a link", async () => {
  const folder = besideSecrets();
  const { root, post, errors } = await dashboardOf({ a: { result: false } }, { folder });
  const elsewhere = join(folder, "../elsewhere.txt");
  symlinkSync(elsewhere, join(root, "a.log"));
  const { status, json } = await post("/api/resume", { run: "a" });
  expect([status, json.error]).toEqual([400, expect.stringContaining("could not write")]);
  expect(existsSync(elsewhere)).toBe(false);
  expect(errors).toEqual([]);
});

test("only the process that holds a run's lock is stopped", async () => {
  const { root, get, post } = await dashboardOf({ a: { result: false }, b: { result: false } });
  expect((await post("/api/stop", { run: "a" })).json.error).toBe("a is not running");
  const bystander = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60_000)"]);
  const lock = lockFolder(join(root, "b"));
  const own = JSON.parse(readFileSync(join(root, "b", LOCK_FILE), "utf8"));
  lock.release();
  // A lock that names another process, as a stranger's folder may have it.
  const { start: _, ...forged } = { ...own, process: bystander.pid };
  writeFileSync(join(root, "a", LOCK_FILE), JSON.stringify(forged));
  await get("/api/runs");
  const refused = await post("/api/stop", { run: "a" });
  expect([refused.status, refused.json.error]).toEqual([
    400,
    `process ${bystander.pid} is not that of a`,
  ]);
  expect(bystander.exitCode ?? bystander.signalCode).toBeNull();
  writeFileSync(join(root, "a", LOCK_FILE), JSON.stringify({ ...forged, host: "elsewhere" }));
  expect((await post("/api/stop", { run: "a" })).json.error).toContain("on another machine");
  bystander.kill();
  await once(bystander, "exit");
});
