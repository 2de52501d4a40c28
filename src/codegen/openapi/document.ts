import { getOption, hasOption, type DescFile } from "@bufbuild/protobuf";
import { document as documentAnnotation } from "@kratos-ts/runtime/protos/openapi/v3/annotations_pb.ts";
import { DocumentSchema } from "@kratos-ts/runtime/protos/openapi/v3/openapi_pb.ts";
import type { ErrorFacts } from "../../model/error-facts.ts";
import type { HttpBindingFacts } from "../../model/http-rule.ts";
import type { FileFacts } from "../../model/model.ts";
import type { MethodFacts, ServiceFacts } from "../../model/service-facts.ts";
import { annotationJson } from "./annotation.ts";
import type { Describe } from "./description.ts";
import { errorReasons, errorSchema } from "./error-reasons.ts";
import { compact, isJsonObject, setMember, type JsonObject } from "./json-object.ts";
import { makeOperation } from "./operation.ts";
import { overlay } from "./overlay.ts";
import { documentPath, type DocumentPath } from "./path.ts";
import { SchemaSet, type MadeSchemas } from "./schema-set.ts";

/** Methods that a path of OpenAPI has a place for. */
const documentMethods: ReadonlySet<string> = new Set([
  "GET",
  "PUT",
  "POST",
  "DELETE",
  "OPTIONS",
  "HEAD",
  "PATCH",
  "TRACE",
]);

/** What a rule for all methods is told as. */
const anyMethods = ["GET", "PUT", "POST", "DELETE", "PATCH"];

/** What the documents of a run share. */
export interface DocumentSources {
  /** The reasons of a file, also of one that is only imported. */
  readonly readErrors: (file: DescFile) => readonly ErrorFacts[];
  readonly describe: Describe;
  readonly made: MadeSchemas;
}

/**
 * Makes the OpenAPI 3.1 document of a proto: what it serves over HTTP and the reasons of its errors;
 * undefined where it has neither.
 */
export function makeDocument(
  { desc, services, errors }: FileFacts,
  { readErrors, describe, made }: DocumentSources,
): JsonObject | undefined {
  const served = services.filter(({ methods }) => methods.some((m) => m.bindings.length > 0));
  if (served.length === 0 && errors.length === 0) return undefined;

  const schemas = new SchemaSet(describe, made);
  const writer = new PathWriter(schemas);
  for (const { methods } of served) {
    for (const method of methods) {
      for (const [index, binding] of method.bindings.entries()) writer.add(method, binding, index);
    }
  }
  for (const parent of new Set(errors.map((error) => error.desc.parent))) schemas.enum(parent);
  const reasons = errorReasons(desc, readErrors, describe);
  const document = compact({
    openapi: "3.1.1",
    info: { title: titleOf(desc, served), version: versionOf(desc) },
    tags: served.length === 0 ? undefined : served.map((service) => toTag(service, describe)),
    paths: served.length === 0 ? undefined : writer.paths,
    components: {
      schemas: { ...schemas.toJson(), "kratos-error": errorSchema(reasons) },
      responses: {
        "kratos-error": {
          description: "An error.",
          content: {
            "application/json": { schema: { $ref: "#/components/schemas/kratos-error" } },
          },
        },
      },
    },
    "x-kratos-reasons": reasons.length === 0 ? undefined : reasons,
    "x-kratos-unlisted": writer.unlisted.length === 0 ? undefined : writer.unlisted,
  });
  if (!hasOption(desc, documentAnnotation)) return document;
  const { openapi: _, ...annotation } = annotationJson(
    DocumentSchema,
    getOption(desc, documentAnnotation),
  );
  return overlay(document, annotation);
}

/** Puts operations where OpenAPI has them: by path, then by method. */
class PathWriter {
  readonly paths: JsonObject = {};
  /** Bindings that have no place in OpenAPI, or whose place another one has. */
  readonly unlisted: string[] = [];
  readonly #schemas: SchemaSet;
  /** The first path of each shape, whose names of parameters hold for all. */
  readonly #shapes = new Map<string, DocumentPath>();

  constructor(schemas: SchemaSet) {
    this.#schemas = schemas;
  }

  add(method: MethodFacts, binding: HttpBindingFacts, index: number): void {
    const path = this.#findPath(binding);
    const id = `${method.desc.parent.typeName}.${method.name}${index === 0 ? "" : `_${index + 1}`}`;
    // A WebSocket is opened with GET, whatever the rule says.
    const methods = method.kind === "bidiStreaming" ? ["GET"] : methodsOf(binding.method);
    for (const httpMethod of methods) {
      const item = this.#item(path.path);
      const key = httpMethod.toLowerCase();
      if (!documentMethods.has(httpMethod) || Object.hasOwn(item, key)) {
        this.unlisted.push(`${httpMethod} ${binding.path} of ${method.operation}`);
        continue;
      }
      const operationId = methods.length === 1 ? id : `${id}_${key}`;
      const schemas = this.#schemas;
      item[key] = makeOperation({ method, binding, path, id: operationId, schemas });
    }
    if (Object.keys(this.#item(path.path)).length === 0) delete this.paths[path.path];
  }

  #findPath({ template }: HttpBindingFacts): DocumentPath {
    const wanted = documentPath(template);
    const first = this.#shapes.get(wanted.shape);
    if (first === undefined) {
      this.#shapes.set(wanted.shape, wanted);
      return wanted;
    }
    const names = first.parameters.map(({ name }) => name);
    return documentPath(template, names);
  }

  #item(path: string): JsonObject {
    const item = Object.hasOwn(this.paths, path) ? this.paths[path] : undefined;
    if (isJsonObject(item)) return item;
    const made: JsonObject = {};
    setMember(this.paths, path, made);
    return made;
  }
}

function methodsOf(method: string): readonly string[] {
  return method === "*" ? anyMethods : [method];
}

function toTag({ desc, typeName }: ServiceFacts, describe: Describe): JsonObject {
  return compact({ name: typeName, description: describe(desc) });
}

function titleOf({ proto, name }: DescFile, services: readonly ServiceFacts[]): string {
  if (services.length === 1) return services[0]!.name;
  return proto.package === "" ? name : proto.package;
}

/** The last part of a package such as `order.v1`. */
function versionOf({ proto }: DescFile): string {
  return /(?:^|\.)(v[0-9][a-z0-9]*)$/.exec(proto.package)?.[1] ?? "0.0.0";
}
