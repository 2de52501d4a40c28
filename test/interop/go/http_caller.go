package main

import (
	"context"

	"github.com/go-kratos/kratos/v3/transport/http"

	pb "kratos-ts.test/interop/gen/interop/v1"
)

// httpCaller calls as Kratos's generated HTTP clients do.
type httpCaller struct{ client *http.Client }

func (c httpCaller) invoke(ctx context.Context, operation, method, pattern string, in, out any, body bool) error {
	opts := []http.CallOption{
		http.Operation(operation), http.PathTemplate(pattern), http.Accept("application/protojson"),
	}
	if !body {
		path := http.BuildPath(pattern, in, http.WithQueryParams())
		return c.client.Invoke(ctx, method, path, nil, out, opts...)
	}
	opts = append(opts, http.ContentType("application/protojson"))
	return c.client.Invoke(ctx, method, http.BuildPath(pattern, in), in, out, opts...)
}

func (c httpCaller) say(ctx context.Context, in *pb.SayRequest) (*pb.SayReply, error) {
	out := new(pb.SayReply)
	return out, c.invoke(ctx, pb.EchoService_Say_FullMethodName, "POST", "/v1/say", in, out, true)
}

func (c httpCaller) read(ctx context.Context, in *pb.ReadRequest) (*pb.SayReply, error) {
	out := new(pb.SayReply)
	return out, c.invoke(ctx, pb.EchoService_Read_FullMethodName, "GET", "/v1/{name=rooms/*}/says/{number}", in, out, false)
}

func (c httpCaller) fail(ctx context.Context, in *pb.FailRequest) (*pb.SayReply, error) {
	out := new(pb.SayReply)
	return out, c.invoke(ctx, pb.EchoService_Fail_FullMethodName, "POST", "/v1/fail", in, out, true)
}

type typedReceiver[O any] struct{ http.ClientStream }

func (s typedReceiver[O]) Recv() (*O, error) {
	m := new(O)
	if err := s.ClientStream.Recv(m); err != nil {
		return nil, err
	}
	return m, nil
}

func (c httpCaller) watch(ctx context.Context, in *pb.WatchRequest) (receiver, error) {
	path := http.BuildPath("/v1/watch", in, http.WithQueryParams())
	stream, err := c.client.ServerSentEvent(ctx, "GET", path, nil,
		http.Operation(pb.EchoService_Watch_FullMethodName), http.PathTemplate("/v1/watch"),
		http.Accept("text/event-stream"), http.ContentType("application/protojson"))
	if err != nil {
		return nil, err
	}
	return typedReceiver[pb.SayReply]{stream}, nil
}

func (c httpCaller) open(ctx context.Context, operation, path string) (http.ClientStream, error) {
	return c.client.WebSocket(ctx, path, http.Operation(operation), http.PathTemplate(path),
		http.Accept("application/protojson"), http.ContentType("application/protojson"))
}

type httpCollector struct{ http.ClientStream }

func (s httpCollector) Send(m *pb.SayRequest) error { return s.ClientStream.Send(m) }
func (s httpCollector) CloseAndRecv() (*pb.CollectReply, error) {
	m := new(pb.CollectReply)
	if err := s.ClientStream.CloseAndRecv(m); err != nil {
		return nil, err
	}
	return m, nil
}

func (c httpCaller) collect(ctx context.Context) (collector, error) {
	stream, err := c.open(ctx, pb.EchoService_Collect_FullMethodName, "/v1/collect")
	if err != nil {
		return nil, err
	}
	return httpCollector{stream}, nil
}

type httpChatter struct{ typedReceiver[pb.SayReply] }

func (s httpChatter) Send(m *pb.SayRequest) error { return s.ClientStream.Send(m) }

func (c httpCaller) chat(ctx context.Context) (chatter, error) {
	stream, err := c.open(ctx, pb.EchoService_Chat_FullMethodName, "/v1/chat")
	if err != nil {
		return nil, err
	}
	return httpChatter{typedReceiver[pb.SayReply]{stream}}, nil
}
