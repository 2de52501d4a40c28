import type { GrpcRouter, HttpRouter } from "@kratos-ts/runtime";
import { registerGreeterGrpcServer } from "../../api/helloworld/v1/greeter_grpc.ts";
import { registerGreeterHttpServer } from "../../api/helloworld/v1/greeter_http.ts";
import type { GreeterService } from "../service/greeter.ts";

/** The services of this process; `kratos-ts proto server` adds to it. */
export interface Services {
  readonly greeter: GreeterService;
}

/** Serves everything that has a `google.api.http` rule. */
export function registerHttpServices(router: HttpRouter, services: Services): void {
  registerGreeterHttpServer(router, services.greeter);
}

/** Serves every method. */
export function registerGrpcServices(router: GrpcRouter, services: Services): void {
  registerGreeterGrpcServer(router, services.greeter);
}
