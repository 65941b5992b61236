# One image, every role: -e Corda__Roles=flow picks one, none means all.
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /src
COPY . .
RUN dotnet publish Corda.Host -c Release -o /app

FROM mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled
WORKDIR /app
COPY --from=build /app .
# The embedded bus and database live here; mount a volume to keep them.
ENV Corda__DataFolder=/data ASPNETCORE_URLS=http://0.0.0.0:8080
VOLUME /data
EXPOSE 8080
ENTRYPOINT ["dotnet", "Corda.Host.dll"]
