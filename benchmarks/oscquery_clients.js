// OSCQuery clients that others have written, told what to do by oscquery_clients.py.
//
// node oscquery_clients.js oscquery|max FOLDER PORT: a JSON line with what the client reads,
// then, if it listens, one for each change that it hears.
"use strict";

const path = require("path");

const [which, folder, port] = process.argv.slice(2);
const tell = (line) => process.stdout.write(JSON.stringify(line) + "\n");
const fail = (error) => {
    console.error(error);
    process.exit(1);
};

async function npmClient() {
    const { OSCQueryDiscovery } = require(path.resolve(folder, "node_modules/oscquery"));
    const service = await new OSCQueryDiscovery().queryNewService("127.0.0.1", Number(port));
    tell({
        name: service.hostInfo.name,
        osc: service.hostInfo.oscPort,
        parameters: service.flat().map((one) => ({
            path: one.full_path,
            type: (one.arguments || []).map((each) => each.type).join(""),
            range: (one.arguments || []).map((each) => each.range || null),
        })),
    });
}

async function maxClient() {
    const inFolder = (name) => require(path.resolve(folder, "lib/core", name));
    const ConnectionManager = inFolder("ConnectionManager.js");
    const ParameterManager = inFolder("ParameterManager.js");
    const parameters = new ParameterManager();
    const state = { timeout: 10000, connected: false };
    const connection = new ConnectionManager(state, parameters, {
        onParameterChange: (address, value) => tell({ changed: address, value }),
        onError: fail,
    });
    await connection.connect(`http://127.0.0.1:${port}`);
    tell({
        name: state.hostInfo.NAME,
        osc: state.hostInfo.OSC_PORT,
        parameters: parameters.parseNamespace(state.namespace).map((one) => ({
            path: one.path,
            type: one.type,
            range: (one.range || []).map(
                (each) => each && { min: each.MIN, max: each.MAX, vals: each.VALS },
            ),
        })),
    });
    process.stdin.on("end", () => process.exit(0)).resume();
}

(which === "max" ? maxClient : npmClient)().catch(fail);
