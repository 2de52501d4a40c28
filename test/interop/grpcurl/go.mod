module kratos-ts.test/grpcurl

go 1.25.0
