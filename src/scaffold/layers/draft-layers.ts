import { join } from "node:path";
import { Visitor } from "oxc-parser";
import { CliError } from "../../cli-error.ts";
import type { ServiceFacts } from "../../model/service-facts.ts";
import type { Drafts } from "../drafts.ts";
import { printOnce } from "../print-once.ts";
import type { LeftOver } from "../register-service.ts";
import { nameMember, listClasses } from "../service-classes.ts";
import type { ServiceNames } from "../service-stub.ts";
import { formatTypescript } from "../source-style.ts";
import { parseTypescript } from "../typescript-source.ts";
import type { TypescriptSource } from "../typescript-source.ts";
import { toValues } from "./resource-values.ts";
import { describeResource } from "./resource.ts";
import type { Resource } from "./resource.ts";
import { addSchemaSteps } from "./schema-step.ts";

/** A layer that can be written; the class of a service is one. */
export type Layer = "service" | "biz" | "data";

/** What a service works with in the other layers. */
export interface ServiceLayers {
  readonly resource: Resource;
  /** The files of the use case and of the repository, absolute. */
  readonly usecase: string;
  readonly repo: string;
  /** The use case does what a new one does, so that a class can call it. */
  readonly isStandard: boolean;
  /** There is a repository to build the use case on. */
  readonly hasRepo: boolean;
  /** What found no place, and where. */
  readonly left: readonly { readonly path: string; readonly left: readonly LeftOver[] }[];
}

const usecaseMethods = ["create", "get", "list", "update", "delete"];
const repoMethods = ["add", "find", "list", "replace", "remove"];

/**
 * Drafts what is missing of the layers `biz` and `data` for a service, with tests. `project` is the folder with
 * `internal/`. Files that are there stay. Throws PROJECT_NOT_FOUND, CLASS_UNCLEAR, SOURCE_INVALID.
 */
export async function draftLayers(
  service: ServiceFacts,
  names: ServiceNames,
  layers: ReadonlySet<Layer>,
  project: string,
  drafts: Drafts,
): Promise<ServiceLayers> {
  const resource = describeResource(service, names);
  const { file, type } = resource;
  const values = toValues(resource);
  const usecase = join(project, "internal", "biz", `${file}.ts`);
  const repo = join(project, "internal", "data", `${file}-repo.ts`);
  const left: { path: string; left: LeftOver[] }[] = [];

  if (layers.has("biz") && !drafts.has(usecase)) {
    await print("usecase.ts", usecase);
    await print("fake-repo.ts", "test", "internal", "biz", `fake-${file}-repo.ts`);
    await print("usecase.test.ts", "test", "internal", "biz", `${file}.test.ts`);
  }
  const source = await parse(usecase);
  const known = source && readUsecase(source, type);
  if (source === undefined || known?.isThere !== true) {
    const what = source === undefined ? "does not exist" : `has no ${type}Usecase and ${type}Repo`;
    throw new CliError("CLASS_UNCLEAR", `"${usecase}" ${what}`, {
      hint:
        source === undefined
          ? "name biz in --layers, too"
          : "move it away, or write the layers by hand",
    });
  }
  if (layers.has("data") && !drafts.has(repo)) {
    await draftData(known.repo);
  }
  const hasRepo = drafts.has(repo);
  return { resource, usecase, repo, isStandard: known.isStandard, hasRepo, left };

  async function draftData(isKnown: boolean): Promise<void> {
    const schema = join(project, "internal", "data", "schema.ts");
    const steps = await parse(schema);
    if (steps === undefined || !drafts.has(join(project, "internal", "data", "sql-database.ts"))) {
      throw new CliError(
        "PROJECT_NOT_FOUND",
        `"${project}" keeps its data in another way than the layout`,
        {
          hint: "leave data out of --layers, and write the repository by hand",
        },
      );
    }
    if (!isKnown) {
      throw new CliError("CLASS_UNCLEAR", `${type}Repo in "${usecase}" is not as a new one is`, {
        hint: `a repository can be written for one with the methods ${repoMethods.join(", ")}`,
      });
    }
    await print("repo.ts", repo);
    await print("repo-contract.ts", "test", "internal", "data", `${file}-repo-contract.ts`);
    await print("repo.test.ts", "test", "internal", "data", `${file}-repo.test.ts`);
    if (drafts.has(join(project, "test", "services", "make-postgres-database.ts"))) {
      await print("repo-postgres.test.ts", "test", "services", `${file}-repo-postgres.test.ts`);
    }
    left.push({ path: schema, left: addSchemaSteps(steps, resource) });
    await drafts.set(schema, steps.print());
  }

  /** Does not touch a file that is there. */
  async function print(template: string, first: string, ...rest: string[]): Promise<void> {
    const path = rest.length === 0 ? first : join(project, first, ...rest);
    if (drafts.has(path)) return;
    const text = await printOnce(`layers/${template}`, values);
    await drafts.set(path, await formatTypescript(text, path));
  }

  async function parse(path: string): Promise<TypescriptSource | undefined> {
    const text = await drafts.read(path);
    return text === undefined ? undefined : parseTypescript(text, path);
  }
}

/** What a file of a use case has of what a new one has. */
function readUsecase(
  source: TypescriptSource,
  type: string,
): { readonly isThere: boolean; readonly isStandard: boolean; readonly repo: boolean } {
  const found = listClasses(source).find(({ name }) => name === `${type}Usecase`);
  const members = (found?.node.body.body ?? []).map(nameMember);
  let methods: (string | undefined)[] | undefined;
  new Visitor({
    TSInterfaceDeclaration({ id, body }) {
      if (id.name !== `${type}Repo`) return;
      methods = body.body.map((member) =>
        member.type === "TSMethodSignature" && member.key.type === "Identifier"
          ? member.key.name
          : undefined,
      );
    },
  }).visit(source.program);
  return {
    isThere: found !== undefined && methods !== undefined,
    isStandard: usecaseMethods.every((name) => members.includes(name)),
    repo: methods !== undefined && [...methods].sort().join() === repoMethods.toSorted().join(),
  };
}
