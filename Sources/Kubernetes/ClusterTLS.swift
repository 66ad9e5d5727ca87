#if Kubernetes
    import KubernetesObjects
    import NIOSSL
    import Provisioning
    import SystemSupport

    /// Certificates and keys of a cluster, as the TLS library takes them.
    enum ClusterTLS {
        static func configuration(_ access: ClusterAccess) throws(ProviderError) -> TLSConfiguration {
            var tls = TLSConfiguration.makeClientConfiguration()
            if access.skipsVerification { tls.certificateVerification = .none }
            if let authority = access.authority {
                tls.trustRoots = .certificates(try certificates(authority, "certificate-authority"))
            }
            if case .certificate(let certificate, let key) = access.credentials {
                tls.certificateChain = try certificates(certificate, "client-certificate").map { .certificate($0) }
                tls.privateKey = .privateKey(try privateKey(key))
            }
            return tls
        }

        private static func certificates(
            _ material: ClusterAccess.Material, _ key: String
        ) throws(ProviderError) -> [NIOSSLCertificate] {
            let bytes = try bytes(of: material)
            do {
                let certificates = try NIOSSLCertificate.fromPEMBytes(bytes)
                guard !certificates.isEmpty else { throw NIOSSLError.failedToLoadCertificate }
                return certificates
            } catch {
                throw ProviderError(.badParameter, "\(key) of kubeconfig is no certificate in the PEM form: \(error)")
            }
        }

        private static func privateKey(_ material: ClusterAccess.Material) throws(ProviderError) -> NIOSSLPrivateKey {
            let bytes = try bytes(of: material)
            do {
                return try NIOSSLPrivateKey(bytes: bytes, format: .pem)
            } catch {
                throw ProviderError(.badParameter, "client-key of kubeconfig is no key in the PEM form: \(error)")
            }
        }

        private static func bytes(of material: ClusterAccess.Material) throws(ProviderError) -> [UInt8] {
            switch material {
            case .inline(let bytes): return bytes
            case .file(let path): return Array(try ClusterAccess.text(of: path).utf8)
            }
        }
    }
#endif
