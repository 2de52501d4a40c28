import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { GreeterGrpcServer } from "../../api/helloworld/v1/greeter_grpc.ts";
import type { GreeterHttpServer } from "../../api/helloworld/v1/greeter_http.ts";
import type {
  GetGreeterReplySchema,
  GetGreeterRequest,
  HelloReplySchema,
  HelloRequest,
} from "../../api/helloworld/v1/greeter_pb.ts";
import type { GreeterUsecase } from "../biz/greeter.ts";

/** What a {@link GreeterService} works with. */
export interface GreeterServiceDeps {
  readonly greeters: GreeterUsecase;
}

/** Answers helloworld.v1.Greeter over every transport: translates between messages and `biz`. */
export class GreeterService implements GreeterHttpServer, GreeterGrpcServer {
  readonly #greeters: GreeterUsecase;

  constructor({ greeters }: GreeterServiceDeps) {
    this.#greeters = greeters;
  }

  async sayHello(request: HelloRequest): Promise<MessageInitShape<typeof HelloReplySchema>> {
    const greeter = await this.#greeters.greet(request.name);
    return { message: `Hello ${greeter.name}` };
  }

  async getGreeter(
    request: GetGreeterRequest,
  ): Promise<MessageInitShape<typeof GetGreeterReplySchema>> {
    const { name, greetings, lastGreetedAt } = await this.#greeters.getGreeter(request.name);
    return { name, greetings, lastGreetedAt: timestampFromDate(lastGreetedAt) };
  }
}
