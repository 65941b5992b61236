using System.Security.Cryptography;
using System.Text;
using Corda.Workers.Messaging.Bus.Kafka.Eviction;

namespace Corda.Tests.Messaging.Kafka;

public sealed class ScramExchangeTests
{
    private const string Challenge = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";

    // The exchange printed in RFC 7677, section 3.
    private readonly ScramExchange exchange = new(HashAlgorithmName.SHA256, "user", "pencil", "rOprNGfwEbeRWgbNEkqO");

    [Fact]
    public void The_exchange_of_the_RFC_is_done_to_the_letter()
    {
        Assert.Equal("n,,n=user,r=rOprNGfwEbeRWgbNEkqO", Encoding.UTF8.GetString(exchange.ClientFirst()));
        Assert.Equal(
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
            Encoding.UTF8.GetString(exchange.ClientFinal(Encoding.UTF8.GetBytes(Challenge))));
        Assert.True(exchange.IsProof("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="u8));
    }

    [Fact]
    public void A_server_that_does_not_know_the_password_is_found_out()
    {
        exchange.ClientFinal(Encoding.UTF8.GetBytes(Challenge));

        Assert.False(exchange.IsProof("v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="u8));
        Assert.False(exchange.IsProof("e=other-error"u8));
    }

    [Theory]
    [InlineData("r=somebodyElses,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096")]
    [InlineData("r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096")]
    [InlineData("r=rOprNGfwEbeRWgbNEkqOmore,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=1")]
    [InlineData("r=rOprNGfwEbeRWgbNEkqOmore,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=1000000000")]
    [InlineData("r=rOprNGfwEbeRWgbNEkqOmore,i=4096")]
    public void A_challenge_of_another_exchange_or_one_that_weakens_it_is_refused(string challenge) =>
        Assert.Throws<InvalidDataException>(() => exchange.ClientFinal(Encoding.UTF8.GetBytes(challenge)));

    [Fact]
    public void Names_with_the_separators_of_the_protocol_are_escaped() =>
        Assert.Equal("n,,n=a=3Db=2Cc,r=x", Encoding.UTF8.GetString(new ScramExchange(HashAlgorithmName.SHA512, "a=b,c", "", "x").ClientFirst()));
}
