package main

import (
	"context"

	"github.com/go-kratos/kratos/v3/transport/http"

	pb "kratos-ts.test/interop/gen/interop/v1"
)

// Kratos's generator for HTTP is no part of its Go module, so its routes are written here by hand, with
// the public functions that generated code calls.

func unary[I, O any](operation string, hasBody, hasVars bool, call func(context.Context, *I) (*O, error)) http.HandlerFunc {
	return func(ctx http.Context) error {
		in := new(I)
		if hasBody {
			if err := ctx.Bind(in); err != nil {
				return err
			}
		} else if err := ctx.BindQuery(in); err != nil {
			return err
		}
		if hasVars {
			if err := ctx.BindVars(in); err != nil {
				return err
			}
		}
		http.SetOperation(ctx, operation)
		handler := ctx.Middleware(func(ctx context.Context, req any) (any, error) {
			return call(ctx, req.(*I))
		})
		out, err := handler(ctx, in)
		if err != nil {
			return err
		}
		return ctx.Result(200, out)
	}
}

func streaming(operation string, stream http.ServerStream, ctx http.Context, in any, run func(any) error) error {
	http.SetOperation(ctx, operation)
	handler := ctx.Middleware(func(ctx context.Context, req any) (any, error) {
		stream.SetContext(ctx)
		return nil, run(req)
	})
	_, err := handler(ctx, in)
	return stream.Close(err)
}

type typedStream[I, O any] struct{ http.ServerStream }

func (s typedStream[I, O]) Send(m *O) error         { return s.ServerStream.Send(m) }
func (s typedStream[I, O]) SendAndClose(m *O) error { return s.ServerStream.SendAndClose(m) }
func (s typedStream[I, O]) Recv() (*I, error) {
	m := new(I)
	if err := s.ServerStream.Recv(m); err != nil {
		return nil, err
	}
	return m, nil
}

func registerHTTP(server *http.Server, service echoService) {
	r := server.Route("/")
	r.POST("/v1/say", unary(pb.EchoService_Say_FullMethodName, true, false, service.Say))
	r.GET("/v1/{name:rooms/[^/]+}/says/{number}", unary(pb.EchoService_Read_FullMethodName, false, true, service.Read))
	r.POST("/v1/fail", unary(pb.EchoService_Fail_FullMethodName, true, false, service.Fail))
	r.GET("/v1/watch", func(ctx http.Context) error {
		in := new(pb.WatchRequest)
		if err := ctx.BindQuery(in); err != nil {
			return err
		}
		stream := http.NewServerSentEventServerStream(ctx)
		return streaming(pb.EchoService_Watch_FullMethodName, stream, ctx, in, func(req any) error {
			return service.watch(req.(*pb.WatchRequest), typedStream[pb.WatchRequest, pb.SayReply]{stream})
		})
	})
	r.GET("/v1/collect", func(ctx http.Context) error {
		stream, err := http.NewWebSocketServerStream(ctx)
		if err != nil {
			return err
		}
		return streaming(pb.EchoService_Collect_FullMethodName, stream, ctx, nil, func(any) error {
			return service.collect(typedStream[pb.SayRequest, pb.CollectReply]{stream})
		})
	})
	r.GET("/v1/chat", func(ctx http.Context) error {
		stream, err := http.NewWebSocketServerStream(ctx)
		if err != nil {
			return err
		}
		return streaming(pb.EchoService_Chat_FullMethodName, stream, ctx, nil, func(any) error {
			return service.chat(typedStream[pb.SayRequest, pb.SayReply]{stream})
		})
	})
}
