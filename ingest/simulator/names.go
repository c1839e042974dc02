package simulator

// Names of people per language: as they write themselves, and as they stand in addresses and handles.
type name struct{ shown, latin string }

var firstNames = [len(languages)][]name{
	english: {{"Alice", "alice"}, {"Tom", "tom"}, {"Priya", "priya"}, {"George", "george"}, {"Hannah", "hannah"}, {"Callum", "callum"}, {"Ruth", "ruth"}, {"Owen", "owen"}, {"Imogen", "imogen"}, {"Dev", "dev"}, {"Niamh", "niamh"}, {"Jack", "jack"}},
	german:  {{"Lena", "lena"}, {"Jonas", "jonas"}, {"Katrin", "katrin"}, {"Mehmet", "mehmet"}, {"Sabine", "sabine"}, {"Florian", "florian"}, {"Jürgen", "juergen"}, {"Anke", "anke"}, {"Moritz", "moritz"}, {"Heike", "heike"}, {"Emre", "emre"}, {"Greta", "greta"}},
	dutch:   {{"Sanne", "sanne"}, {"Daan", "daan"}, {"Fleur", "fleur"}, {"Bram", "bram"}, {"Marieke", "marieke"}, {"Thijs", "thijs"}, {"Noor", "noor"}, {"Jeroen", "jeroen"}, {"Lotte", "lotte"}, {"Ruben", "ruben"}},
	russian: {{"Анна", "anna"}, {"Дмитрий", "dmitry"}, {"Ольга", "olga"}, {"Сергей", "sergey"}, {"Елена", "elena"}, {"Павел", "pavel"}, {"Ирина", "irina"}, {"Артём", "artem"}, {"Татьяна", "tatyana"}, {"Максим", "maxim"}},
}

var lastNames = [len(languages)][]name{
	english: {{"Carter", "carter"}, {"Whitfield", "whitfield"}, {"Okafor", "okafor"}, {"Hughes", "hughes"}, {"Patel", "patel"}, {"Lindley", "lindley"}, {"Mercer", "mercer"}, {"Doyle", "doyle"}, {"Ashby", "ashby"}, {"Grant", "grant"}, {"Novak", "novak"}},
	german:  {{"Schneider", "schneider"}, {"Krüger", "krueger"}, {"Yılmaz", "yilmaz"}, {"Hartmann", "hartmann"}, {"Böhm", "boehm"}, {"Vogel", "vogel"}, {"Lindner", "lindner"}, {"Seidel", "seidel"}, {"Brandt", "brandt"}, {"Ziegler", "ziegler"}, {"Pohl", "pohl"}},
	dutch:   {{"de Vries", "devries"}, {"Jansen", "jansen"}, {"van den Berg", "vandenberg"}, {"Bakker", "bakker"}, {"Visser", "visser"}, {"Mulder", "mulder"}, {"Dekker", "dekker"}, {"El Idrissi", "elidrissi"}, {"Hoekstra", "hoekstra"}, {"Smit", "smit"}},
	russian: {{"Кузнецов", "kuznetsov"}, {"Белов", "belov"}, {"Орлов", "orlov"}, {"Громов", "gromov"}, {"Зайцев", "zaytsev"}, {"Лебедев", "lebedev"}, {"Морозов", "morozov"}, {"Фомин", "fomin"}, {"Юдин", "yudin"}, {"Крылов", "krylov"}},
}

// Agents and bots of the company.
var agents = [...]string{"Mira", "Lukas", "Sofie", "Anton", "Yasmin", "Pieter", "Vera", "Nils"}

var owners = [...]string{"m.sommer", "a.devos", "i.petrova", "k.adeyemi"}

// product is something the shop sells.
type product struct {
	name, slug string
	price      float64
}

var products = [...]product{
	{"Tarn 40", "tarn-40", 129.9},
	{"Fjell Jacket", "fjell-jacket", 219},
	{"Lumen Lamp", "lumen-lamp", 44.5},
	{"Brio Kettle", "brio-kettle", 36.9},
	{"Skog Tent 2", "skog-tent-2", 349},
	{"Vind Gloves", "vind-gloves", 29.95},
	{"Koru Boots", "koru-boots", 164},
	{"Pico Stove", "pico-stove", 58.4},
	{"Nord Bottle", "nord-bottle", 24.9},
	{"Alva Sleeping Bag", "alva-sleeping-bag", 189},
	{"Trek Poles", "trek-poles", 74.9},
	{"Isla Dry Bag", "isla-dry-bag", 31.2},
}

var searches = [...]string{"rain jacket", "zelt 2 personen", "rugzak 40 liter", "спальник", "headlamp", "wanderstiefel", "stove", "slaapzak", "gift card", "gore tex"}

var campaigns = [...]string{"", "", "", "autumn-newsletter", "search-brand", "social-retargeting", "outdoor-week"}

var callQueues = [...]string{"orders", "billing", "returns", "technical"}

var chatQueues = [...]string{"website", "orders", "app"}

// page is a page of the shop.
type page struct{ path, title string }

var (
	pageHome         = page{"/", "Halden"}
	pageSearch       = page{"/search", "Search"}
	pageCart         = page{"/cart", "Basket"}
	pageLogin        = page{"/login", "Sign in"}
	pageCheckout     = page{"/checkout", "Checkout"}
	pagePayment      = page{"/checkout/payment", "Payment"}
	pageConfirmation = page{"/checkout/done", "Thank you"}
	pageAccount      = page{"/account", "My account"}
	pageOrders       = page{"/account/orders", "My orders"}
	pageAddress      = page{"/account/address", "Address"}
	pageReturns      = page{"/returns", "Returns"}
	pageHelp         = page{"/help", "Help"}
)

var categoryPages = [...]page{
	{"/outdoor/backpacks", "Backpacks"},
	{"/outdoor/tents", "Tents"},
	{"/clothing/jackets", "Jackets"},
	{"/clothing/boots", "Boots"},
	{"/kitchen/stoves", "Stoves"},
	{"/sale", "Sale"},
}

var productPages = func() (pages [len(products)]page) {
	for i, p := range products {
		pages[i] = page{"/products/" + p.slug, p.name}
	}
	return pages
}()
