"""The other side of the interoperability tests in Python: a service and a client of grpcio.

    peer.py <descriptor set> serve            serves until standard input ends, and prints its port
    peer.py <descriptor set> call <address>   makes every call, and prints what came of each
"""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from google.rpc import error_details_pb2, status_pb2

SERVICE = "interop.v1.EchoService"
# HTTP's codes, which Kratos uses, for those of gRPC that come up here.
CODES = {
    grpc.StatusCode.UNKNOWN: 500,
    grpc.StatusCode.DEADLINE_EXCEEDED: 504,
    grpc.StatusCode.ABORTED: 409,
}
DETAILS = "grpc-status-details-bin"


def load_messages(path):
    """The classes of all messages in a descriptor set, by their names without the package."""
    files = descriptor_pb2.FileDescriptorSet()
    with open(path, "rb") as file:
        files.ParseFromString(file.read())
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)
    methods = pool.FindServiceByName(SERVICE).methods
    messages = {m.name: m for method in methods for m in (method.input_type, method.output_type)}
    return {name: message_factory.GetMessageClass(m) for name, m in messages.items()}


class EchoService:
    """The same service as the others have."""

    def __init__(self, types):
        self.types = types

    def say(self, request, context):
        if request.HasField("wait"):
            time.sleep(min(request.wait.seconds, 1))
        return self.reply("Say", request, context)

    def read(self, request, context):
        said = request.said
        said.number = request.number
        said.labels["name"] = request.name
        said.tags.extend(self.mood(value) for value in request.moods)
        return self.reply("Read", said, context)

    def fail(self, request, context):
        if request.unexpected:
            raise RuntimeError(request.message)
        refuse(context, request.code, request.reason, request.message, request.metadata)

    def watch(self, request, context):
        said = self.types["SayRequest"](text=request.text)
        for number in range(request.count):
            said.number = number
            yield self.reply("Watch", said, context)
        if request.reason:
            refuse(context, 409, request.reason, "told to fail", {"count": "done"})

    def collect(self, requests, context):
        texts = []
        for request in requests:
            if request.text == "fail":
                refuse(context, 409, "TOLD_TO", "told to fail", {})
            texts.append(request.text)
        return self.types["CollectReply"](text=" ".join(texts), count=len(texts))

    def chat(self, requests, context):
        for request in requests:
            if request.text == "fail":
                refuse(context, 409, "TOLD_TO", "told to fail", {})
            yield self.reply("Chat", request, context)

    def mood(self, value):
        field = self.types["SayRequest"].DESCRIPTOR.fields_by_name["mood"]
        return field.enum_type.values_by_number[value].name

    def reply(self, method, said, context):
        metadata = {k: v for k, v in context.invocation_metadata() if k.startswith("x-md-")}
        operation = f"/{SERVICE}/{method}"
        return self.types["SayReply"](said=said, metadata=metadata, operation=operation)

    def handlers(self):
        def handler(make, function, request):
            deserialize = self.types[request].FromString
            return make(function, deserialize, lambda message: message.SerializeToString())

        return {
            "Say": handler(grpc.unary_unary_rpc_method_handler, self.say, "SayRequest"),
            "Read": handler(grpc.unary_unary_rpc_method_handler, self.read, "ReadRequest"),
            "Fail": handler(grpc.unary_unary_rpc_method_handler, self.fail, "FailRequest"),
            "Watch": handler(grpc.unary_stream_rpc_method_handler, self.watch, "WatchRequest"),
            "Collect": handler(grpc.stream_unary_rpc_method_handler, self.collect, "SayRequest"),
            "Chat": handler(grpc.stream_stream_rpc_method_handler, self.chat, "SayRequest"),
        }


def refuse(context, code, reason, message, metadata):
    info = error_details_pb2.ErrorInfo(reason=reason, metadata=metadata)
    status_code = next(known for known, http in CODES.items() if http == code)
    status = status_pb2.Status(code=status_code.value[0], message=message)
    status.details.add().Pack(info)
    context.set_trailing_metadata([(DETAILS, status.SerializeToString())])
    context.abort(status_code, message)


def serve(types):
    server = grpc.server(ThreadPoolExecutor(4))
    handlers = EchoService(types).handlers()
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(SERVICE, handlers)])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(json.dumps({"http": "", "grpc": f"127.0.0.1:{port}"}), flush=True)
    sys.stdin.read()
    server.stop(1).wait()


def describe(error):
    failure = {"code": CODES.get(error.code()), "reason": "", "message": error.details()}
    for key, value in error.trailing_metadata() or ():
        if key != DETAILS:
            continue
        info = error_details_pb2.ErrorInfo()
        for detail in status_pb2.Status.FromString(value).details:
            if detail.Unpack(info):
                failure["reason"] = info.reason
                if info.metadata:
                    failure["metadata"] = dict(info.metadata)
    return failure


def outcome(start):
    """What comes of a call: the replies, and the error."""
    replies, result = [], {}
    try:
        for message in start():
            replies.append(json_format.MessageToDict(message))
    except grpc.RpcError as error:
        result["error"] = describe(error)
    return {**({"replies": replies} if replies else {}), **result}


def call(types, address):
    channel = grpc.insecure_channel(address)
    metadata = [("x-md-global-who", "python"), ("x-md-local-where", "here")]

    def method(kind, name, reply="SayReply"):
        function = getattr(channel, kind)(
            f"/{SERVICE}/{name}", lambda message: message.SerializeToString(), types[reply].FromString
        )
        return lambda request, timeout=5: function(request, timeout=timeout, metadata=metadata)

    def one(function, *args):
        return outcome(lambda: [function(*args)])

    def many(function, *args):
        return outcome(lambda: function(*args))

    def texts(*all):
        return iter([types["SayRequest"](text=text) for text in all])

    say, fail = method("unary_unary", "Say"), method("unary_unary", "Fail")
    watch, chat = method("unary_stream", "Watch"), method("stream_stream", "Chat")
    collect = method("stream_unary", "Collect", "CollectReply")
    full = types["SayRequest"](
        text="héllo <b>&", number=9007199254740993, tags=["a", "b,c"], labels={"k": "v"},
        mood=1, maybe=0, data=b"\xfb\xff\0", ratio=0.5,
    )
    full.at.FromJsonString("2025-11-20T00:00:00.123456789Z")
    room_full = types["FailRequest"](
        code=409, reason="ROOM_FULL", message="no röom", metadata={"room": "7"}
    )
    endless = types["SayRequest"]()
    endless.wait.seconds = 60
    request = types["WatchRequest"]
    outcomes = {
        "say": one(say, full),
        "fail": one(fail, room_full),
        "fail unexpectedly": one(fail, types["FailRequest"](unexpected=True, message="secret")),
        "deadline": one(say, endless, 0.1),
        "watch": many(watch, request(text="two\nlines", count=3)),
        "watch nothing": many(watch, request()),
        "watch and fail": many(watch, request(text="x", count=1, reason="STOPPED")),
        "watch fails at once": many(watch, request(reason="STOPPED")),
        "collect": one(collect, texts("a", "ü", "c")),
        "collect and fail": one(collect, texts("fail")),
        "chat": many(chat, texts("a", "ü")),
        "chat and fail": many(chat, texts("fail")),
    }
    channel.close()
    print(json.dumps({"http": {}, "grpc": outcomes}))


if __name__ == "__main__":
    TYPES = load_messages(sys.argv[1])
    if sys.argv[2] == "serve":
        serve(TYPES)
    else:
        call(TYPES, sys.argv[3])
