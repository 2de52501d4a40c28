package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	metadatamiddleware "github.com/go-kratos/kratos/v3/middleware/metadata"
	"github.com/go-kratos/kratos/v3/middleware/recovery"
	"github.com/go-kratos/kratos/v3/transport/grpc"
	"github.com/go-kratos/kratos/v3/transport/http"

	pb "kratos-ts.test/interop/gen/interop/v1"
)

// serve runs both servers until standard input ends, and prints where they listen.
func serve() error {
	service := echoService{}
	httpServer := http.NewServer(
		http.Address("127.0.0.1:0"),
		http.Timeout(2*time.Second),
		http.Middleware(recovery.Recovery(), metadatamiddleware.Server()),
	)
	registerHTTP(httpServer, service)
	grpcServer := grpc.NewServer(
		grpc.Address("127.0.0.1:0"),
		grpc.Timeout(2*time.Second),
		grpc.Middleware(recovery.Recovery(), metadatamiddleware.Server()),
		grpc.StreamMiddleware(recovery.Recovery(), metadatamiddleware.Server()),
	)
	pb.RegisterEchoServiceServer(grpcServer, service)

	httpEndpoint, err := httpServer.Endpoint()
	if err != nil {
		return err
	}
	grpcEndpoint, err := grpcServer.Endpoint()
	if err != nil {
		return err
	}
	failed := make(chan error, 2)
	go func() { failed <- httpServer.Start(context.Background()) }()
	go func() { failed <- grpcServer.Start(context.Background()) }()
	addresses := map[string]string{"http": httpEndpoint.String(), "grpc": grpcEndpoint.Host}
	if err := json.NewEncoder(os.Stdout).Encode(addresses); err != nil {
		return err
	}

	closed := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(closed)
	}()
	select {
	case <-closed:
	case err := <-failed:
		return fmt.Errorf("a server failed: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_ = httpServer.Stop(ctx)
	_ = grpcServer.Stop(ctx)
	return nil
}
