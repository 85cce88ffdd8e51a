// Holds SARIF documents against the published schema. In: the folder of the tools, then files. Out: one line a file; exit code 1 where
// one does not hold. Needs ajv and @microsoft/jest-sarif, which carries the schema.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const [tools, ...files] = process.argv.slice(2);
const require = createRequire(join(tools, "package.json"));
const Ajv = require("ajv");
const home = dirname(require.resolve("@microsoft/jest-sarif/package.json"));
const schema = JSON.parse(readFileSync(join(home, "lib/schemas/sarif-2.1.0-rtm.5.json"), "utf8"));
delete schema.$schema;
const holds = new Ajv({ unknownFormats: "ignore", schemaId: "auto", allErrors: true }).compile(schema);
let failed = 0;
for (const file of files) {
  const valid = holds(JSON.parse(readFileSync(file, "utf8")));
  failed += valid ? 0 : 1;
  console.log(`${valid ? "ok" : "FAILED"}  ${file}: ${valid ? "valid SARIF 2.1.0" : JSON.stringify(holds.errors?.slice(0, 5))}`);
}
process.exit(failed ? 1 : 0);
