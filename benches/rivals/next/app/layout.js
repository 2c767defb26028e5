// The document around the one page.
export const metadata = { title: "Clients" };

export default function Layout({ children }) {
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  );
}
