// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// tuf-js as the other side: makes a repository as @tufjs/repo-mock does, or follows one of ours. See tuf_js.py.
"use strict";

const fs = require("fs");
const http = require("http");
const path = require("path");

/** Writes a repository of repo-mock, with these targets, as a folder that any server could serve. */
function make(folder, targets) {
  const { initializeTUFRepo, tufHandlers } = require("@tufjs/repo-mock");
  const options = { metadataPathPrefix: "/metadata", targetPathPrefix: "/targets" };
  for (const handler of tufHandlers(initializeTUFRepo(targets), options)) {
    const answer = handler.fn();
    if (answer.statusCode !== 200) continue;
    const file = path.join(folder, handler.path);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, answer.response);
  }
}

/** A server of static files, on a port of the system's choice. */
function serve(folder) {
  const server = http.createServer((request, response) => {
    const file = path.join(folder, path.normalize(decodeURIComponent(request.url)));
    if (!fs.existsSync(file)) {
      response.writeHead(404);
      return response.end();
    }
    response.writeHead(200);
    return fs.createReadStream(file).pipe(response);
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

/** Follows a repository from its first root, and prints what one target holds. */
async function follow(folder, state, target) {
  const { Updater } = require("tuf-js");
  const server = await serve(folder);
  const base = `http://127.0.0.1:${server.address().port}`;
  try {
    fs.mkdirSync(state, { recursive: true });
    if (!fs.existsSync(path.join(state, "root.json"))) {
      fs.copyFileSync(path.join(folder, "metadata/1.root.json"), path.join(state, "root.json"));
    }
    const updater = new Updater({
      metadataDir: state,
      metadataBaseUrl: `${base}/metadata`,
      targetDir: state,
      targetBaseUrl: `${base}/targets`,
    });
    await updater.refresh();
    const info = await updater.getTargetInfo(target);
    if (info === undefined) throw new Error(`no target ${target}`);
    const file = await updater.downloadTarget(info, path.join(state, "downloaded"));
    process.stdout.write(fs.readFileSync(file));
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

async function main([verb, folder, ...rest]) {
  if (verb === "make") {
    const targets = rest.map((word) => {
      const equals = word.indexOf("=");
      return { name: word.slice(0, equals), content: word.slice(equals + 1) };
    });
    make(folder, targets);
  } else if (verb === "follow") {
    await follow(folder, ...rest);
  } else {
    throw new Error("make FOLDER NAME=CONTENT... | follow FOLDER STATE TARGET");
  }
}

main(process.argv.slice(2)).catch((error) => {
  console.error(String(error));
  process.exitCode = 1;
});
